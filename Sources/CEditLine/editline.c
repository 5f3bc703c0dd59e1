#include "CEditLine.h"
#include <errno.h>
#include <fcntl.h>
#include <histedit.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct nns_editor {
    EditLine *edit;
    History *history;
    char *prompt;
    char *line;
    char *(*complete)(const char *);
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
    char *insert = editor->complete(before);
    free(before);
    if (!insert) return CC_ERROR;
    int failed = *insert == 0 || el_insertstr(edit, insert) == -1;
    free(insert);
    return failed ? CC_REDISPLAY : CC_REFRESH;
}

nns_editor *nns_editor_open(const char *program, char *(*complete)(const char *)) {
    nns_editor *editor = calloc(1, sizeof *editor);
    if (!editor) return NULL;
    // Only the character type: numbers and sorting must not depend on the locale.
    setlocale(LC_CTYPE, "");
    editor->complete = complete;
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
    el_set(editor->edit, EL_HIST, history, editor->history);
    el_set(editor->edit, EL_ADDFN, "nns-complete", "Complete a name", complete_at_tab);
    el_set(editor->edit, EL_BIND, "^I", "nns-complete", NULL);
    el_set(editor->edit, EL_BIND, "^R", "em-inc-search-prev", NULL);
    // The user's own settings, from ~/.editrc, have the last word.
    el_source(editor->edit, NULL);
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
    errno = 0;
    const char *text = el_gets(editor->edit, &count);
    if (!text) return errno == EINTR ? NNS_INTERRUPTED : NNS_END;
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
