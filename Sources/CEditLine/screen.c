#define _GNU_SOURCE
#include "editor.h"
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

int nns_row(const nns_editor *editor, const wchar_t *place, int columns) {
    const LineInfoW *line = el_wline(editor->edit);
    if (!place) place = line->lastchar;
    if (columns < 1) columns = 80;
    int row = 0, column = editor->prompt ? (int)strlen(editor->prompt) : 0;
    for (const wchar_t *c = line->buffer; c < place; c++) {
        if (*c == L'\n') {
            row++;
            column = 0;
            continue;
        }
        // As libedit counts: a control character shows as two, a mark above a letter takes a column too.
        int width = wcwidth(*c);
        if (width < 0) width = 2;
        if (width == 0) width = 1;
        if (column + width > columns) {
            row++;
            column = 0;
        }
        column += width;
        if (column >= columns) {
            row++;
            column = 0;
        }
    }
    return row;
}

void nns_go_below(nns_editor *editor) {
    int down = nns_row(editor, NULL, editor->columns) - nns_row(editor, el_wline(editor->edit)->cursor, editor->columns);
    for (int i = 0; i <= down; i++) fputc('\n', editor->out);
    fputc('\r', editor->out);
    fflush(editor->out);
}

// What libedit does here draws from the beginning, wherever the cursor is.
void nns_draw_below(nns_editor *editor) {
    fputc('\r', editor->out);
    fflush(editor->out);
    el_set(editor->edit, EL_REFRESH);
}

void nns_redraw(nns_editor *editor, int columns) {
    int up = nns_row(editor, el_wline(editor->edit)->cursor, columns);
    fputc('\r', editor->out);
    if (editor->pastes && up > 0) fprintf(editor->out, "\033[%dA", up);
    if (editor->pastes) fputs("\033[J", editor->out);
    nns_draw_below(editor);
}

void nns_take_size(nns_editor *editor, _Bool redraws) {
    struct winsize size;
    if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 2) return;
    if (size.ws_col == editor->columns && size.ws_row == editor->rows) return;
    editor->columns = size.ws_col;
    editor->rows = size.ws_row;
    el_resize(editor->edit);
    // Terminals have broken the lines on the screen anew.
    if (redraws) nns_redraw(editor, size.ws_col);
}
