// The few wrappers that Swift needs to call libedit, whose own functions are variadic.
#ifndef NNS_CEDITLINE_H
#define NNS_CEDITLINE_H

/// An open line editor.
typedef struct nns_editor nns_editor;

/// What `complete` of an editor gives at Tab for the text before the cursor: a heap string to insert (freed here) or
/// NULL, and in `*removed` how many characters before the cursor it replaces; or in `*listing` a heap string to show below.
typedef char *_Nullable (*nns_complete)(const char *_Nonnull before, int *_Nonnull removed, char *_Nullable *_Nonnull listing);

/// Opens the editor on the terminal; NULL where that fails. `*interrupted` is not 0 after an interrupt, which ends a reading.
nns_editor *_Nullable nns_editor_open(const char *_Nonnull program, nns_complete _Nonnull complete, const volatile int *_Nonnull interrupted);
void nns_editor_close(nns_editor *_Nonnull editor);

/// What came of reading a line.
enum { NNS_LINE = 0, NNS_END = 1, NNS_INTERRUPTED = 2 };

/// Reads a line under a prompt; on NNS_LINE `*line` is valid until the next call and ends without a newline. Afterwards the
/// cursor is below what was typed, and the terminal quiet.
int nns_editor_read(nns_editor *_Nonnull editor, const char *_Nonnull prompt, const char *_Nullable *_Nonnull line);

/// Whether what has been typed or pasted behind the last line begins as a line does that continues the one above: with `|>`,
/// `>>` or `.name`.
_Bool nns_editor_continues(nns_editor *_Nonnull editor);

/// Quiet, the terminal keeps what is typed and does not show it; else it is as it was found.
void nns_editor_quiet(nns_editor *_Nonnull editor, _Bool quiet);

/// The columns of the terminal.
int nns_editor_columns(nns_editor *_Nonnull editor);
/// Writes to the terminal, wherever standard output goes.
void nns_editor_write(nns_editor *_Nonnull editor, const char *_Nonnull text);

/// Adds an entry (which may hold several lines) to the history and at the end of its file, where sessions that run at the same
/// time add theirs; false where that fails. The file gets mode 0600.
_Bool nns_editor_remember(nns_editor *_Nonnull editor, const char *_Nonnull entry, const char *_Nullable path);
/// Loads the history's file, and shortens one that has grown long; false where that fails.
_Bool nns_editor_load(nns_editor *_Nonnull editor, const char *_Nonnull path);

#endif
