// The few wrappers that Swift needs to call libedit, whose own functions are variadic.
#ifndef NNS_CEDITLINE_H
#define NNS_CEDITLINE_H

/// An open line editor.
typedef struct nns_editor nns_editor;

/// What `complete` of an editor gives at Tab for the text before the cursor: a heap string to insert (freed here) or
/// NULL, and in `*removed` how many characters before the cursor it replaces.
typedef char *_Nullable (*nns_complete)(const char *_Nonnull before, int *_Nonnull removed);

/// Opens the editor on the terminal; NULL where that fails. `*interrupted` is not 0 after an interrupt, which ends a reading.
nns_editor *_Nullable nns_editor_open(const char *_Nonnull program, nns_complete _Nonnull complete, const volatile int *_Nonnull interrupted);
void nns_editor_close(nns_editor *_Nonnull editor);

/// What came of reading a line.
enum { NNS_LINE = 0, NNS_END = 1, NNS_INTERRUPTED = 2 };

/// Reads a line under a prompt; on NNS_LINE `*line` is valid until the next call and ends without a newline.
int nns_editor_read(nns_editor *_Nonnull editor, const char *_Nonnull prompt, const char *_Nullable *_Nonnull line);

/// Adds an entry (which may hold several lines) to the history.
void nns_editor_remember(nns_editor *_Nonnull editor, const char *_Nonnull entry);
/// Loads or saves the history file; false where that fails. The file gets mode 0600.
_Bool nns_editor_load(nns_editor *_Nonnull editor, const char *_Nonnull path);
_Bool nns_editor_save(nns_editor *_Nonnull editor, const char *_Nonnull path);

#endif
