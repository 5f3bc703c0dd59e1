// What the parts of the line editor share: its state, reading of keys, drawing.
#ifndef NNS_EDITOR_H
#define NNS_EDITOR_H

#include "CEditLine.h"
#include <histedit.h>
#include <stddef.h>
#include <stdio.h>
#include <wchar.h>

struct nns_editor {
    EditLine *edit;
    History *history;
    FILE *out;  // the terminal
    char *prompt;
    char *line;
    char *remembered;  // the last entry of the history
    nns_complete complete;
    const volatile int *interrupted;
    _Bool pastes;           // the terminal knows sequences, and marks pasted text when asked to
    _Bool is_vi;            // the keys are vi's
    _Bool is_pasting;       // what comes is pasted text: no keys in it
    _Bool was_interrupted;  // what ended the last reading
    _Bool was_searching;    // and where: libedit has gone below the text then
    int columns, rows;      // the terminal's size, as libedit knows it
    // Bytes of the terminal that were read ahead, and characters that come before them.
    unsigned char ahead[64];
    size_t ahead_at, ahead_count;
    wchar_t queue[64];
    size_t queue_at, queue_count;
};

// What a terminal sends around pasted text once it is asked to (bracketed paste).
#define PASTE_BEGIN "\033[200~"
#define PASTE_END L"\033[201~"

// keys.c: the characters that libedit reads (EL_GETCFN); binding of keys; what to do before and after the user's own settings.
int nns_read_character(EditLine *edit, wchar_t *character);
void nns_bind_keys(nns_editor *editor);
void nns_rebind_vi(nns_editor *editor);
// The signals that change what is on the screen.
void nns_watch_screen(void);

// screen.c: the rows of the text up to some place, from the prompt's; all of it where that is NULL.
int nns_row(const nns_editor *editor, const wchar_t *place, int columns);
// The cursor below all of the text, at the beginning of a line.
void nns_go_below(nns_editor *editor);
// Clears the text from a terminal of so many columns and draws it again; where the cursor is at a fresh line, draws it there.
void nns_redraw(nns_editor *editor, int columns);
void nns_draw_below(nns_editor *editor);
// Takes note of the terminal's size; with `redraws` the text on the screen is laid out anew.
void nns_take_size(nns_editor *editor, _Bool redraws);

// terminal.c: the terminal's modes while something runs.
void nns_terminal_keep(void);
void nns_terminal_quiet(_Bool quiet);
void nns_terminal_continue(void);

#endif
