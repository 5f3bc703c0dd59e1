// Reference counts of Swift objects without atomic instructions: entry points of the Swift runtime, for the
// interpreter's own words. Only its one thread may call them, while no kernel runs on another.
#ifndef NNS_REFERENCE_H
#define NNS_REFERENCE_H

void *swift_nonatomic_retain(void *object);
void swift_nonatomic_release(void *object);

#endif
