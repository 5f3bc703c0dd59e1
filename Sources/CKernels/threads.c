// A pool of threads for loops over independent outputs.
//
// Goals: idle threads sleep (never spin), so that a busy machine loses nothing; none is started before the first loop
// that is large enough; a loop never waits for a thread that has not begun: pieces are handed out one by one, and the
// caller works on them too. Results cannot depend on the number of threads, since pieces are independent.
#define _GNU_SOURCE
#include "nns_kernels.h"
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { MAX_THREADS = 64 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t work = PTHREAD_COND_INITIALIZER, done = PTHREAD_COND_INITIALIZER;
static int wanted = 0;   // threads, the caller's included; 0 until first asked
static int started = 0;  // threads of the pool that exist
static _Atomic int busy = 0;  // a loop is running: nested or concurrent loops run on their caller

// The loop at hand, guarded by `lock` but for `next`.
static struct {
    nns_piece body;
    void *context;
    intptr_t count, step;
    _Atomic intptr_t next;
    int helpers;       // places left for threads of the pool
    int active;        // threads of the pool at work
    uint64_t number;   // which loop it is
} loop;

int nns_threads(void) {
    if (wanted > 0) return wanted;
    const char *text = getenv("NNS_THREADS");
    long n = text ? strtol(text, NULL, 10) : 0;
    if (n < 1) {
        cpu_set_t set;
        n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    }
    return wanted = n > MAX_THREADS ? MAX_THREADS : (int)n;
}

void nns_threads_set(int n) { wanted = n < 1 ? 1 : n > MAX_THREADS ? MAX_THREADS : n; }

static void take_pieces(void) {
    for (;;) {
        intptr_t first = atomic_fetch_add(&loop.next, loop.step);
        if (first >= loop.count) return;
        intptr_t last = loop.count - first < loop.step ? loop.count : first + loop.step;
        loop.body(loop.context, first, last);
    }
}

static void *helper(void *unused) {
    (void)unused;
    uint64_t seen = 0;
    pthread_mutex_lock(&lock);
    for (;;) {
        while (loop.helpers == 0 || loop.number == seen) pthread_cond_wait(&work, &lock);
        seen = loop.number;
        loop.helpers--;
        loop.active++;
        pthread_mutex_unlock(&lock);
        take_pieces();
        pthread_mutex_lock(&lock);
        if (--loop.active == 0) pthread_cond_signal(&done);
    }
    return NULL;
}

static void start(int n) {
    // Signals go to the program's own threads.
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    while (started < n) {
        pthread_t thread;
        if (pthread_create(&thread, &attributes, helper, NULL) != 0) break;
        started++;
    }
    pthread_attr_destroy(&attributes);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

void nns_parallel(intptr_t count, intptr_t grain, nns_piece body, void *context) {
    if (count <= 0) return;
    if (grain < 1) grain = 1;
    int threads = nns_threads();
    intptr_t pieces = (count - 1) / grain + 1;
    int free_pool = 0;
    if (threads == 1 || pieces < 2 || !atomic_compare_exchange_strong(&busy, &free_pool, 1)) {
        body(context, 0, count);
        return;
    }
    // Four pieces a thread even out threads of unequal speed.
    intptr_t most = (intptr_t)threads * 4;
    intptr_t step = pieces <= most ? grain : (count - 1) / most + 1;
    pthread_mutex_lock(&lock);
    if (started < threads - 1) start(threads - 1);
    loop.body = body;
    loop.context = context;
    loop.count = count;
    loop.step = step;
    atomic_store(&loop.next, 0);
    loop.helpers = threads - 1;
    loop.number++;
    pthread_cond_broadcast(&work);
    pthread_mutex_unlock(&lock);
    take_pieces();
    pthread_mutex_lock(&lock);
    loop.helpers = 0;  // who has not begun need not
    while (loop.active > 0) pthread_cond_wait(&done, &lock);
    pthread_mutex_unlock(&lock);
    atomic_store(&busy, 0);
}
