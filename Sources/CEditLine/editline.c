#define _GNU_SOURCE
#include "editor.h"
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static char *current_prompt(EditLine *edit) {
    nns_editor *editor = NULL;
    el_get(edit, EL_CLIENTDATA, &editor);
    return editor->prompt ? editor->prompt : (char *)"";
}

// Where the terminal is: the prompt must not go into a file that standard output is sent to.
static FILE *terminal(void) {
    if (isatty(STDOUT_FILENO)) return stdout;
    return isatty(STDERR_FILENO) ? stderr : fopen("/dev/tty", "w");
}

// Entries that the history keeps. Its file may grow by a fifth more before it is cut.
enum { KEPT = 10000 };

nns_editor *nns_editor_open(const char *program, nns_complete complete, const volatile int *interrupted) {
    nns_editor *editor = calloc(1, sizeof *editor);
    if (!editor) return NULL;
    // Only the character type: numbers and sorting must not depend on the locale. Programs are UTF-8 whatever it says.
    setlocale(LC_CTYPE, "");
    if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0) setlocale(LC_CTYPE, "C.UTF-8");
    editor->complete = complete;
    editor->interrupted = interrupted;
    editor->out = terminal();
    if (editor->out) editor->edit = el_init(program, stdin, editor->out, stderr);
    editor->history = history_init();
    if (!editor->edit || !editor->history) {
        nns_editor_close(editor);
        return NULL;
    }
    HistEvent event;
    history(editor->history, &event, H_SETSIZE, KEPT);
    history(editor->history, &event, H_SETUNIQUE, 1);
    el_set(editor->edit, EL_CLIENTDATA, editor);
    el_set(editor->edit, EL_PROMPT, current_prompt);
    el_set(editor->edit, EL_EDITOR, "emacs");
    el_set(editor->edit, EL_SIGNAL, 0);
    el_set(editor->edit, EL_GETCFN, nns_read_character);
    el_set(editor->edit, EL_HIST, history, editor->history);
    nns_bind_keys(editor);
    // The user's own settings, from ~/.editrc, have the last word. Those that switch to vi's keys lose ours.
    el_source(editor->edit, NULL);
    const char *keys = NULL;
    editor->is_vi = el_get(editor->edit, EL_EDITOR, &keys) == 0 && keys && strcmp(keys, "vi") == 0;
    if (editor->is_vi) nns_rebind_vi(editor);
    const char *name = getenv("TERM");
    editor->pastes = name && strcmp(name, "dumb") != 0;
    nns_watch_screen();
    nns_terminal_keep();
    return editor;
}

void nns_editor_close(nns_editor *editor) {
    if (editor->edit) el_end(editor->edit);
    if (editor->history) history_end(editor->history);
    nns_terminal_quiet(0);
    free(editor->prompt);
    free(editor->line);
    free(editor->remembered);
    free(editor);
}

int nns_editor_columns(nns_editor *editor) {
    nns_take_size(editor, 0);
    return editor->columns > 0 ? editor->columns : 80;
}

void nns_editor_write(nns_editor *editor, const char *text) {
    fputs(text, editor->out);
    fflush(editor->out);
}

int nns_editor_read(nns_editor *editor, const char *prompt, const char **line) {
    free(editor->prompt);
    editor->prompt = strdup(prompt);
    int count = 0;
    nns_take_size(editor, 0);
    if (editor->pastes) fputs("\033[?2004h", editor->out);
    fflush(editor->out);
    // Before the prompt shows: what is typed at once is neither shown twice nor, as Ctrl-D, lost.
    el_set(editor->edit, EL_PREP_TERM, 1);
    editor->was_interrupted = editor->was_searching = 0;
    const char *text = el_gets(editor->edit, &count);
    nns_terminal_quiet(1);
    if ((!text || count <= 0) && !editor->was_searching) nns_go_below(editor);
    if (editor->pastes) fputs("\033[?2004l", editor->out);
    fflush(editor->out);
    if (editor->was_interrupted) return NNS_INTERRUPTED;
    if (!text || count <= 0) return NNS_END;
    free(editor->line);
    editor->line = strndup(text, (size_t)count);
    if (!editor->line) return NNS_END;
    size_t length = strlen(editor->line);
    while (length > 0 && (editor->line[length - 1] == '\n' || editor->line[length - 1] == '\r')) editor->line[--length] = 0;
    *line = editor->line;
    return NNS_LINE;
}

// MARK: History

// Opens the file of the history, which no other session writes until it is closed.
static FILE *open_history(const char *path) {
    int descriptor = open(path, O_CREAT | O_RDWR | O_APPEND | O_CLOEXEC, 0600);
    if (descriptor == -1) return NULL;
    fchmod(descriptor, 0600);
    FILE *file = flock(descriptor, LOCK_EX) == 0 ? fdopen(descriptor, "a+") : NULL;
    if (!file) close(descriptor);
    else fseek(file, 0, SEEK_END);
    return file;
}

_Bool nns_editor_remember(nns_editor *editor, const char *entry, const char *path) {
    HistEvent event;
    history(editor->history, &event, H_ENTER, entry);
    // An entry that is made again is kept once.
    if (editor->remembered && strcmp(editor->remembered, entry) == 0) return 1;
    free(editor->remembered);
    editor->remembered = strdup(entry);
    if (!path) return 1;
    FILE *file = open_history(path);
    if (!file) return 0;
    // A history of this entry alone: versions of libedit differ in what they take for the last n. At the beginning of a file
    // it writes its mark too.
    History *one = history_init();
    _Bool written = 0;
    if (one) {
        history(one, &event, H_SETSIZE, 1);
        history(one, &event, H_ENTER, entry);
        written = history(one, &event, H_SAVE_FP, file) != -1;
        history_end(one);
    }
    return fclose(file) == 0 && written;
}

_Bool nns_editor_load(nns_editor *editor, const char *path) {
    FILE *file = open_history(path);
    if (!file) return 0;
    HistEvent event;
    _Bool is_empty = ftell(file) == 0;
    size_t lines = 0;
    rewind(file);
    for (int c; (c = getc(file)) != EOF;) lines += c == '\n';
    int count = is_empty ? 0 : history(editor->history, &event, H_LOAD, path);
    if (count < 0) {
        // What is no history stays beside the one that begins.
        size_t length = strlen(path);
        char *other = malloc(length + 5);
        if (other) {
            memcpy(other, path, length);
            memcpy(other + length, ".old", 5);
            rename(path, other);
        }
        free(other);
    } else if (lines > KEPT + KEPT / 5 && ftruncate(fileno(file), 0) == 0) {
        rewind(file);
        history(editor->history, &event, H_SAVE_FP, file);
    }
    fclose(file);
    return count >= 0;
}
