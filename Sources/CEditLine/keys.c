#define _GNU_SOURCE
#include "editor.h"
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// MARK: Signals

static volatile sig_atomic_t was_resized, was_continued;
static pthread_t reader;

static void on_change(int number) {
    // The system may hand the signal to any thread; the one that reads must wake.
    if (!pthread_equal(pthread_self(), reader)) {
        pthread_kill(reader, number);
        return;
    }
    int status = errno;
    if (number == SIGCONT) {
        was_continued = 1;
        nns_terminal_continue();
    } else {
        was_resized = 1;
    }
    errno = status;
}

void nns_watch_screen(void) {
    reader = pthread_self();
    struct sigaction action = {.sa_handler = on_change, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGWINCH, &action, NULL);
    sigaction(SIGCONT, &action, NULL);
}

// Draws the text again where the terminal has another size or the program was stopped.
static void follow_screen(nns_editor *editor) {
    if (was_continued) {
        was_continued = 0;
        // The shell has set its own modes and stands at the beginning of a line.
        el_set(editor->edit, EL_PREP_TERM, 0);
        el_set(editor->edit, EL_PREP_TERM, 1);
        if (editor->pastes) fputs("\033[?2004h", editor->out);
        nns_draw_below(editor);
    }
    if (was_resized) {
        was_resized = 0;
        nns_take_size(editor, 1);
    }
}

// MARK: Bytes and characters

enum { NOTHING_YET = -2 };

// A byte of the terminal: 1, 0 at its end, -1 with EINTR after an interrupt, NOTHING_YET where none came in so many milliseconds
// (-1: any number). The signals are blocked but while it waits, so that one which comes just before is not
// waited over, and an interrupt behind the last byte is left to what that byte begins.
static int read_byte(nns_editor *editor, char *byte, int milliseconds) {
    if (editor->ahead_at < editor->ahead_count) {
        *byte = (char)editor->ahead[editor->ahead_at++];
        return 1;
    }
    sigset_t watched, before, pending;
    sigemptyset(&watched);
    sigaddset(&watched, SIGINT);
    sigaddset(&watched, SIGWINCH);
    sigaddset(&watched, SIGCONT);
    pthread_sigmask(SIG_BLOCK, &watched, &before);
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    struct timespec limit = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    ssize_t count = -1;
    int status = EINTR;
    while (!*editor->interrupted) {
        follow_screen(editor);
        int ready = ppoll(&input, 1, milliseconds < 0 ? NULL : &limit, &before);
        // Where there is something to read too, the signal still waits.
        sigpending(&pending);
        if (*editor->interrupted || sigismember(&pending, SIGINT)) break;
        if (ready > 0) {
            count = read(STDIN_FILENO, byte, 1);
            status = errno;
            if (count >= 0 || status != EINTR) break;
        } else if (ready == 0) {
            count = NOTHING_YET;
            break;
        } else if (errno != EINTR) {
            status = errno;
            break;
        }
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (count == -1) {
        editor->was_interrupted = status == EINTR;
        editor->ahead_at = editor->ahead_count = 0;
        errno = status;
    }
    return (int)count;
}

_Bool nns_editor_continues(nns_editor *editor) {
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    if (editor->ahead_at == editor->ahead_count) editor->ahead_at = editor->ahead_count = 0;
    while (editor->ahead_count < sizeof editor->ahead && poll(&input, 1, 0) > 0) {
        ssize_t count = read(STDIN_FILENO, editor->ahead + editor->ahead_count, sizeof editor->ahead - editor->ahead_count);
        if (count <= 0) break;
        editor->ahead_count += (size_t)count;
    }
    size_t at = editor->ahead_at, count = editor->ahead_count;
    while (at < count && strchr(" \t\r\n", editor->ahead[at])) at++;
    if (at + 1 >= count) return 0;
    unsigned char first = editor->ahead[at], second = editor->ahead[at + 1];
    return (first == '|' && second == '>') || (first == '>' && second == '>')
        || (first == '.' && ((second | 32) >= 'a' && (second | 32) <= 'z'));
}

// A character of the terminal, in the encoding of the locale; bytes that are none are left out.
static int read_wide(nns_editor *editor, wchar_t *character, int milliseconds) {
    mbstate_t state = {0};
    while (1) {
        char byte;
        int count = read_byte(editor, &byte, milliseconds);
        if (count != 1) return count;
        size_t length = mbrtowc(character, &byte, 1, &state);
        if (length == (size_t)-1) memset(&state, 0, sizeof state);
        else if (length != (size_t)-2) return 1;
    }
}

// MARK: Keys that are sequences

// Characters that no key gives stand for what libedit does at keys that are sequences.
#define LONE_ESCAPE L'\x80'
#define OLDER L'\x81'
#define NEWER L'\x82'

// How long the rest of a sequence may take.
enum { PATIENCE = 100, LONGEST = 32 };

static void put_in_queue(nns_editor *editor, const wchar_t *characters, size_t count) {
    editor->queue_at = 0;
    editor->queue_count = count;
    wmemcpy(editor->queue, characters, count);
}

// What libedit does at a sequence, as it says it; NULL where nothing. The caller frees it.
static char *binding(nns_editor *editor, const wchar_t *sequence) {
    char *said = NULL, *complaint = NULL;
    size_t length = 0, other = 0;
    FILE *out = open_memstream(&said, &length), *errors = open_memstream(&complaint, &other);
    if (out && errors) {
        el_set(editor->edit, EL_SETFP, 1, out);
        el_set(editor->edit, EL_SETFP, 2, errors);
        el_wset(editor->edit, EL_BIND, sequence, NULL);
        el_set(editor->edit, EL_SETFP, 1, editor->out);
        el_set(editor->edit, EL_SETFP, 2, stderr);
    }
    if (out) fclose(out);
    if (errors) fclose(errors);
    free(complaint);
    if (length == 0) {
        free(said);
        return NULL;
    }
    return said;
}

static _Bool is_bound(nns_editor *editor, const wchar_t *sequence) {
    char *said = binding(editor, sequence);
    free(said);
    return said != NULL;
}

// The line that libedit adds to the text while it searches the history; NULL where it does not.
static const wchar_t *search_line(nns_editor *editor) {
    const LineInfoW *line = el_wline(editor->edit);
    const wchar_t *at = line->lastchar;
    while (at > line->buffer && at[-1] != L'\n') at--;
    if (at == line->buffer || line->lastchar - at < 4) return NULL;
    if (wcsncmp(at, L"bck", 3) != 0 && wcsncmp(at, L"fwd", 3) != 0) return NULL;
    return at[3] == L':' || at[3] == L'?' ? at - 1 : NULL;
}

// The sequence without Shift, Alt or Ctrl, and arrows as they are sent in the other mode.
static void simplify(wchar_t *sequence) {
    size_t length = wcslen(sequence);
    wchar_t last = sequence[length - 1];
    wchar_t *semicolon = wcschr(sequence, L';');
    sequence[1] = L'[';
    if (last == L'~') {
        if (semicolon) wcscpy(semicolon, L"~");
    } else {
        sequence[2] = last;
        sequence[3] = 0;
    }
}

// Reads on behind an Escape: 1 and a key, which may have more of it in the queue; 0 where a sequence is nothing to anybody.
static int read_sequence(nns_editor *editor, wchar_t *character) {
    wchar_t sequence[LONGEST + 1] = L"\033";
    size_t count = 1;
    int status = read_wide(editor, &sequence[1], editor->is_vi ? PATIENCE : -1);
    if (status == NOTHING_YET) {
        *character = editor->is_vi ? LONE_ESCAPE : L'\033';
        return 1;
    }
    if (status != 1) return status == 0 ? -1 : status;
    // Alt and an arrow, as some terminals send it.
    if (sequence[1] == L'\033') return read_sequence(editor, character);
    if (sequence[1] != L'[' && sequence[1] != L'O') {
        put_in_queue(editor, sequence + 1, 1);
        *character = editor->is_vi ? LONE_ESCAPE : L'\033';
        return 1;
    }
    for (count = 2; count < LONGEST; count++) {
        if (read_wide(editor, &sequence[count], PATIENCE) != 1) break;
        wchar_t c = sequence[count];
        // The keys F1 to F5 of Linux' console have a second bracket.
        if (count == 2 && c == L'[' && sequence[1] == L'[') continue;
        if (c >= L'@' && c <= L'~') {
            count++;
            break;
        }
    }
    sequence[count] = 0;
    // A click in the oldest form: three bytes follow.
    if (wcscmp(sequence, L"\033[M") == 0) {
        char byte;
        for (int i = 0; i < 3; i++) read_byte(editor, &byte, PATIENCE);
        return 0;
    }
    if (count < 3) return 0;
    if (!is_bound(editor, sequence)) {
        // Reports of the mouse and F1 to F5 of Linux' console are no arrows with something held.
        if (wcschr(L"[<?", sequence[2])) return 0;
        simplify(sequence);
        if (!is_bound(editor, sequence)) return 0;
    }
    // In a search one more Escape ends that.
    size_t first = search_line(editor) ? 0 : 1;
    put_in_queue(editor, sequence + first, wcslen(sequence) - first);
    *character = L'\033';
    return 1;
}

int nns_read_character(EditLine *edit, wchar_t *character) {
    nns_editor *editor = NULL;
    el_get(edit, EL_CLIENTDATA, &editor);
    while (1) {
        if (editor->queue_at < editor->queue_count) {
            *character = editor->queue[editor->queue_at++];
            return 1;
        }
        int status = read_wide(editor, character, -1);
        if (status == 1 && *character == L'\033' && !editor->is_pasting) {
            status = read_sequence(editor, character);
            if (status == 0) continue;
        }
        if (status == -1 && search_line(editor)) {
            // The line of a search goes, what it found stays.
            const LineInfoW *line = el_wline(edit);
            size_t length = (size_t)(search_line(editor) - line->buffer);
            wchar_t *text = calloc(length + 1, sizeof *text);
            int number = errno;
            editor->was_searching = 1;
            if (text) {
                wmemcpy(text, line->buffer, length);
                el_wreplacestr(edit, text);
                nns_redraw(editor, editor->columns);
            }
            free(text);
            errno = number;
        }
        return status;
    }
}

// MARK: What keys do

static nns_editor *editor_of(EditLine *edit) {
    nns_editor *editor = NULL;
    el_get(edit, EL_CLIENTDATA, &editor);
    return editor;
}

static unsigned char complete_at_tab(EditLine *edit, int key) {
    (void)key;
    nns_editor *editor = editor_of(edit);
    const LineInfo *info = el_line(edit);
    size_t length = (size_t)(info->cursor - info->buffer);
    char *before = strndup(info->buffer, length);
    if (!before) return CC_ERROR;
    int removed = 0;
    char *listing = NULL;
    char *insert = editor->complete(before, &removed, &listing);
    free(before);
    if (listing) {
        nns_go_below(editor);
        fputs(listing, editor->out);
        nns_draw_below(editor);
        free(listing);
        free(insert);
        return CC_NORM;
    }
    if (!insert) return CC_ERROR;
    if (removed > 0) el_deletestr(edit, removed);
    int failed = *insert == 0 || el_insertstr(edit, insert) == -1;
    free(insert);
    return failed ? CC_REDISPLAY : CC_REFRESH;
}

// Follows a program's text, for whether a place in it is within a string: `in_string`.
static void follow_quotes(wchar_t c, wchar_t *before, _Bool *in_string, _Bool *in_comment) {
    _Bool escaped = *in_string && *before == L'\\';
    if (*in_comment) *in_comment = c != L'\n';
    else if (c == L'"' && !escaped) *in_string = !*in_string;
    else if (c == L'#' && !*in_string) *in_comment = 1;
    // A backslash that is escaped escapes nothing.
    *before = escaped ? 0 : c;
}

// Inserts pasted text as it is: its newlines do not enter it, its tabs do not complete. A tab is a blank, since a line with one
// could not be drawn; within a string it is written as there.
static unsigned char insert_paste(EditLine *edit, int key) {
    (void)key;
    nns_editor *editor = editor_of(edit);
    size_t count = 0, room = 1024, end = wcslen(PASTE_END);
    wchar_t *text = malloc((room + 1) * sizeof *text);
    _Bool whole = 0, in_string = 0, in_comment = 0;
    wchar_t before = 0;
    const LineInfoW *line = el_wline(edit);
    for (const wchar_t *c = line->buffer; c < line->cursor; c++) follow_quotes(*c, &before, &in_string, &in_comment);
    editor->is_pasting = 1;
    while (text && !whole && el_wgetc(edit, &text[count]) == 1) {
        // Terminals send newlines as the key Enter does.
        if (text[count] == L'\r') text[count] = L'\n';
        follow_quotes(text[count], &before, &in_string, &in_comment);
        if (text[count] == L'\t') {
            if (in_string) text[count++] = L'\\';
            text[count] = in_string ? L't' : L' ';
        }
        count++;
        whole = count >= end && wmemcmp(text + count - end, PASTE_END, end) == 0;
        // Room for two more: a tab may become two characters.
        if (count + 1 < room) continue;
        wchar_t *larger = realloc(text, (2 * room + 1) * sizeof *text);
        if (!larger) break;
        text = larger;
        room *= 2;
    }
    editor->is_pasting = 0;
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

// The line above within an entry; from its first line the entry before.
static unsigned char move_up(EditLine *edit, int key) {
    (void)key;
    const LineInfoW *line = el_wline(edit);
    const wchar_t *start = line->cursor;
    while (start > line->buffer && start[-1] != L'\n') start--;
    if (start == line->buffer) {
        put_in_queue(editor_of(edit), &(wchar_t){OLDER}, 1);
        return CC_NORM;
    }
    const wchar_t *above = start - 1;
    while (above > line->buffer && above[-1] != L'\n') above--;
    ptrdiff_t column = line->cursor - start, room = start - 1 - above;
    const wchar_t *target = above + (column < room ? column : room);
    el_cursor(edit, (int)(target - line->cursor));
    return CC_REFRESH;
}

// The line below within an entry; from its last line the entry after.
static unsigned char move_down(EditLine *edit, int key) {
    (void)key;
    const LineInfoW *line = el_wline(edit);
    const wchar_t *start = line->cursor, *below = line->cursor;
    while (start > line->buffer && start[-1] != L'\n') start--;
    while (below < line->lastchar && *below != L'\n') below++;
    if (below == line->lastchar) {
        put_in_queue(editor_of(edit), &(wchar_t){NEWER}, 1);
        return CC_NORM;
    }
    below++;
    const wchar_t *end = below;
    while (end < line->lastchar && *end != L'\n') end++;
    ptrdiff_t column = line->cursor - start, room = end - below;
    const wchar_t *target = below + (column < room ? column : room);
    el_cursor(edit, (int)(target - line->cursor));
    return CC_REFRESH;
}

// The beginning and the end of the line within an entry.
static unsigned char move_to_beginning(EditLine *edit, int key) {
    (void)key;
    const LineInfoW *line = el_wline(edit);
    const wchar_t *start = line->cursor;
    while (start > line->buffer && start[-1] != L'\n') start--;
    el_cursor(edit, (int)(start - line->cursor));
    return CC_CURSOR;
}

static unsigned char move_to_end(EditLine *edit, int key) {
    (void)key;
    const LineInfoW *line = el_wline(edit);
    const wchar_t *end = line->cursor;
    while (end < line->lastchar && *end != L'\n') end++;
    el_cursor(edit, (int)(end - line->cursor));
    return CC_CURSOR;
}

// MARK: Bindings

static const struct { const wchar_t *keys, *command; } sequences[] = {
    {L"\033[200~", L"nns-paste"},
    {L"\033[A", L"nns-up"}, {L"\033[B", L"nns-down"}, {L"\033[C", L"ed-next-char"}, {L"\033[D", L"ed-prev-char"},
    {L"\033[H", L"nns-begin"}, {L"\033[F", L"nns-end"}, {L"\033[1~", L"nns-begin"}, {L"\033[4~", L"nns-end"},
    {L"\033[7~", L"nns-begin"}, {L"\033[8~", L"nns-end"}, {L"\033[3~", L"ed-delete-next-char"},
    {L"\033[1;5C", L"em-next-word"}, {L"\033[1;5D", L"ed-prev-word"}, {L"\033[1;3C", L"em-next-word"}, {L"\033[1;3D", L"ed-prev-word"},
    {L"\033[3;5~", L"em-delete-next-word"}, {L"\033[3;3~", L"em-delete-next-word"},
};

static void bind_to(nns_editor *editor, const wchar_t *keys, const wchar_t *command) {
    el_wset(editor->edit, EL_BIND, keys, command, NULL);
    // In vi's other map the same.
    if (editor->is_vi) el_wset(editor->edit, EL_BIND, L"-a", keys, command, NULL);
}

// Keys of one character that libedit does not bind as other prompts do, and those that no key gives.
static void bind_characters(nns_editor *editor) {
    el_set(editor->edit, EL_BIND, "^I", "nns-complete", NULL);
    el_set(editor->edit, EL_BIND, "^R", "em-inc-search-prev", NULL);
    bind_to(editor, (wchar_t[]){OLDER, 0}, L"ed-prev-history");
    bind_to(editor, (wchar_t[]){NEWER, 0}, L"ed-next-history");
}

void nns_bind_keys(nns_editor *editor) {
    EditLine *edit = editor->edit;
    el_set(edit, EL_ADDFN, "nns-complete", "Complete a name", complete_at_tab);
    el_set(edit, EL_ADDFN, "nns-paste", "Insert pasted text", insert_paste);
    el_set(edit, EL_ADDFN, "nns-up", "The line above, or the entry before", move_up);
    el_set(edit, EL_ADDFN, "nns-down", "The line below, or the entry after", move_down);
    el_set(edit, EL_ADDFN, "nns-begin", "The beginning of the line", move_to_beginning);
    el_set(edit, EL_ADDFN, "nns-end", "The end of the line", move_to_end);
    bind_characters(editor);
    for (size_t i = 0; i < sizeof sequences / sizeof *sequences; i++) bind_to(editor, sequences[i].keys, sequences[i].command);
    el_set(edit, EL_BIND, "^A", "nns-begin", NULL);
    el_set(edit, EL_BIND, "^E", "nns-end", NULL);
    el_set(edit, EL_BIND, "^W", "ed-delete-prev-word", NULL);
    el_set(edit, EL_BIND, "^U", "vi-kill-line-prev", NULL);
}

void nns_rebind_vi(nns_editor *editor) {
    bind_characters(editor);
    el_wset(editor->edit, EL_BIND, (wchar_t[]){LONE_ESCAPE, 0}, L"vi-command-mode", NULL);
    el_wset(editor->edit, EL_BIND, L"-a", (wchar_t[]){LONE_ESCAPE, 0}, L"ed-unassigned", NULL);
    for (size_t i = 0; i < sizeof sequences / sizeof *sequences; i++) {
        // What the user's settings bind stays; the arrows are bound by libedit itself.
        char *said = binding(editor, sequences[i].keys);
        _Bool is_theirs = said && !strstr(said, "ed-prev-history") && !strstr(said, "ed-next-history") && !strstr(said, "ed-next-char")
            && !strstr(said, "ed-prev-char") && !strstr(said, "ed-move-to-");
        free(said);
        if (!is_theirs) bind_to(editor, sequences[i].keys, sequences[i].command);
    }
}
