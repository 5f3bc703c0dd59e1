#define _GNU_SOURCE
#include "editor.h"
#include <signal.h>
#include <termios.h>
#include <unistd.h>

// The modes that the terminal had, and those for the time while something runs: what is typed then is kept and not shown, which
// would tear what is drawn. Interrupts and stops stay keys.
static struct termios found, quiet;
static volatile sig_atomic_t is_kept, is_quiet;

void nns_terminal_keep(void) {
    if (tcgetattr(STDIN_FILENO, &found) != 0) return;
    quiet = found;
    quiet.c_lflag &= ~(tcflag_t)(ECHO | ICANON);
    quiet.c_cc[VMIN] = 1;
    quiet.c_cc[VTIME] = 0;
    is_kept = 1;
}

void nns_terminal_quiet(_Bool wanted) {
    if (!is_kept) return;
    is_quiet = wanted;
    tcsetattr(STDIN_FILENO, TCSADRAIN, wanted ? &quiet : &found);
}

// Called by a signal's handler. In the background it would stop the program again.
void nns_terminal_continue(void) {
    if (is_quiet && tcgetpgrp(STDIN_FILENO) == getpgrp()) tcsetattr(STDIN_FILENO, TCSADRAIN, &quiet);
}

void nns_editor_quiet(nns_editor *editor, _Bool wanted) {
    (void)editor;
    nns_terminal_quiet(wanted);
}
