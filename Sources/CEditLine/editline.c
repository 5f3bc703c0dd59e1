#define _GNU_SOURCE
#include "CEditLine.h"
#include <errno.h>
#include <fcntl.h>
#include <histedit.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wchar.h>

struct nns_editor {
    EditLine *edit;
    History *history;
    char *prompt;
    char *line;
    nns_complete complete;
    const volatile int *interrupted;
    _Bool pastes;  // the terminal marks pasted text
};

static char *current_prompt(EditLine *edit) {
    nns_editor *editor = NULL;
    el_get(edit, EL_CLIENTDATA, &editor);
    return editor->prompt ? editor->prompt : (char *)"";
}

static unsigned char complete_at_tab(EditLine *edit, int key) {
    (void)key;
    nns_editor *editor = NULL;
    el_get(edit, EL_CLIENTDATA, &editor);
    const LineInfo *info = el_line(edit);
    size_t length = (size_t)(info->cursor - info->buffer);
    char *before = strndup(info->buffer, length);
    if (!before) return CC_ERROR;
    int removed = 0;
    char *insert = editor->complete(before, &removed);
    free(before);
    if (!insert) return CC_ERROR;
    if (removed > 0) el_deletestr(edit, removed);
    int failed = *insert == 0 || el_insertstr(edit, insert) == -1;
    free(insert);
    return failed ? CC_REDISPLAY : CC_REFRESH;
}

// A byte of the terminal: 1, 0 at its end, -1 with EINTR after an interrupt. SIGINT is blocked but while it waits, so that one
// which comes just before is not waited over, and one behind the last byte is left to what that byte begins.
static int read_byte(const volatile int *interrupted, char *byte) {
    sigset_t interrupt, before;
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    pthread_sigmask(SIG_BLOCK, &interrupt, &before);
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    ssize_t count = -1;
    int status = EINTR;
    while (!*interrupted) {
        int ready = ppoll(&input, 1, NULL, &before);
        // Where there is something to read too, the signal still waits.
        sigset_t pending;
        sigpending(&pending);
        if (*interrupted || sigismember(&pending, SIGINT)) break;
        if (ready > 0) count = read(STDIN_FILENO, byte, 1);
        status = errno;
        if (count >= 0 || status != EINTR) break;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (count < 0) errno = status;
    return (int)count;
}

// A character of the terminal, in the encoding of the locale; bytes that are none are left out.
static int read_character(EditLine *edit, wchar_t *character) {
    nns_editor *editor = NULL;
    el_get(edit, EL_CLIENTDATA, &editor);
    mbstate_t state = {0};
    while (1) {
        char byte;
        int count = read_byte(editor->interrupted, &byte);
        if (count <= 0) return count;
        size_t length = mbrtowc(character, &byte, 1, &state);
        if (length == (size_t)-1) memset(&state, 0, sizeof state);
        else if (length != (size_t)-2) return 1;
    }
}

// What a terminal sends around pasted text once it is asked to (bracketed paste).
#define PASTE_BEGIN "\033[200~"
#define PASTE_END L"\033[201~"

// Inserts pasted text as it is: its newlines do not enter it, its tabs do not complete.
static unsigned char insert_paste(EditLine *edit, int key) {
    (void)key;
    size_t count = 0, room = 1024, end = wcslen(PASTE_END);
    wchar_t *text = malloc((room + 1) * sizeof *text);
    _Bool whole = 0;
    while (text && !whole && el_wgetc(edit, &text[count]) == 1) {
        // Terminals send newlines as the key Enter does.
        if (text[count] == L'\r') text[count] = L'\n';
        else if (text[count] == L'\t') text[count] = L' ';
        count++;
        whole = count >= end && wmemcmp(text + count - end, PASTE_END, end) == 0;
        if (count < room) continue;
        wchar_t *larger = realloc(text, (2 * room + 1) * sizeof *text);
        if (!larger) break;
        text = larger;
        room *= 2;
    }
    if (!whole) {
        free(text);
        return CC_ERROR;
    }
    count -= end;
    while (count > 0 && text[count - 1] == L'\n') count--;
    text[count] = 0;
    int failed = count > 0 && el_winsertstr(edit, text) == -1;
    free(text);
    return failed ? CC_ERROR : CC_REFRESH;
}

// The keys that libedit does not bind as other prompts do, in the map of emacs or of vi's insertion.
static void bind_controls(EditLine *edit) {
    el_set(edit, EL_BIND, "^I", "nns-complete", NULL);
    el_set(edit, EL_BIND, "^R", "em-inc-search-prev", NULL);
}

// Those that begin with Escape, which in vi's insertion is a key of its own.
static void bind_escapes(EditLine *edit) {
    el_set(edit, EL_BIND, PASTE_BEGIN, "nns-paste", NULL);
    el_set(edit, EL_BIND, "\033[3~", "ed-delete-next-char", NULL);
    el_set(edit, EL_BIND, "\033[H", "ed-move-to-beg", NULL);
    el_set(edit, EL_BIND, "\033[F", "ed-move-to-end", NULL);
    el_set(edit, EL_BIND, "\033[1;5C", "em-next-word", NULL);
    el_set(edit, EL_BIND, "\033[1;5D", "ed-prev-word", NULL);
}

nns_editor *nns_editor_open(const char *program, nns_complete complete, const volatile int *interrupted) {
    nns_editor *editor = calloc(1, sizeof *editor);
    if (!editor) return NULL;
    // Only the character type: numbers and sorting must not depend on the locale.
    setlocale(LC_CTYPE, "");
    editor->complete = complete;
    editor->interrupted = interrupted;
    editor->edit = el_init(program, stdin, stdout, stderr);
    editor->history = history_init();
    if (!editor->edit || !editor->history) {
        nns_editor_close(editor);
        return NULL;
    }
    HistEvent event;
    history(editor->history, &event, H_SETSIZE, 10000);
    history(editor->history, &event, H_SETUNIQUE, 1);
    el_set(editor->edit, EL_CLIENTDATA, editor);
    el_set(editor->edit, EL_PROMPT, current_prompt);
    el_set(editor->edit, EL_EDITOR, "emacs");
    el_set(editor->edit, EL_SIGNAL, 0);
    el_set(editor->edit, EL_GETCFN, read_character);
    el_set(editor->edit, EL_HIST, history, editor->history);
    el_set(editor->edit, EL_ADDFN, "nns-complete", "Complete a name", complete_at_tab);
    el_set(editor->edit, EL_ADDFN, "nns-paste", "Insert pasted text", insert_paste);
    bind_controls(editor->edit);
    bind_escapes(editor->edit);
    el_set(editor->edit, EL_BIND, "^W", "ed-delete-prev-word", NULL);
    el_set(editor->edit, EL_BIND, "^U", "vi-kill-line-prev", NULL);
    // The user's own settings, from ~/.editrc, have the last word. Those that switch to vi's keys lose ours.
    el_source(editor->edit, NULL);
    const char *keys = NULL;
    _Bool is_vi = el_get(editor->edit, EL_EDITOR, &keys) == 0 && keys && strcmp(keys, "vi") == 0;
    if (is_vi) bind_controls(editor->edit);
    const char *terminal = getenv("TERM");
    editor->pastes = !is_vi && terminal && strcmp(terminal, "dumb") != 0;
    return editor;
}

void nns_editor_close(nns_editor *editor) {
    if (editor->edit) el_end(editor->edit);
    if (editor->history) history_end(editor->history);
    free(editor->prompt);
    free(editor->line);
    free(editor);
}

int nns_editor_read(nns_editor *editor, const char *prompt, const char **line) {
    free(editor->prompt);
    editor->prompt = strdup(prompt);
    int count = 0;
    if (editor->pastes) fputs("\033[?2004h", stdout);
    fflush(stdout);
    // Before the prompt shows: what is typed at once is neither shown twice nor, as Ctrl-D, lost.
    el_set(editor->edit, EL_PREP_TERM, 1);
    errno = 0;
    const char *text = el_gets(editor->edit, &count);
    int status = errno;
    if (editor->pastes) fputs("\033[?2004l", stdout);
    fflush(stdout);
    if (!text) return status == EINTR ? NNS_INTERRUPTED : NNS_END;
    if (count <= 0) return NNS_END;
    free(editor->line);
    editor->line = strndup(text, (size_t)count);
    if (!editor->line) return NNS_END;
    size_t length = strlen(editor->line);
    while (length > 0 && (editor->line[length - 1] == '\n' || editor->line[length - 1] == '\r')) editor->line[--length] = 0;
    *line = editor->line;
    return NNS_LINE;
}

void nns_editor_remember(nns_editor *editor, const char *entry) {
    HistEvent event;
    history(editor->history, &event, H_ENTER, entry);
}

_Bool nns_editor_load(nns_editor *editor, const char *path) {
    HistEvent event;
    return history(editor->history, &event, H_LOAD, path) != -1;
}

_Bool nns_editor_save(nns_editor *editor, const char *path) {
    // The file exists with the right mode before anything is written to it.
    int descriptor = open(path, O_CREAT | O_WRONLY, 0600);
    if (descriptor == -1) return 0;
    fchmod(descriptor, 0600);
    close(descriptor);
    HistEvent event;
    return history(editor->history, &event, H_SAVE, path) != -1;
}
