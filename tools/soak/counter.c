/*
 * Counts what OpenSSL has allocated and not freed, and says where: told to use these functions for
 * all of its memory (CRYPTO_set_mem_functions(3)), before it allocates for the first time.
 *
 * Each block has its size and the place that asked for it in front.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORTED __attribute__((visibility("default")))

/* Places that allocate: OpenSSL 3 has some 2000. */
#define PLACES 16384

struct place {
  const char *file;
  int line;
  long live;
};

struct block {
  alignas(max_align_t) size_t size;
  struct place *place;
};

static struct place places[PLACES];
static long live, live_bytes;
static char lock;

static void take(void) {
  while (__atomic_test_and_set(&lock, __ATOMIC_ACQUIRE));
}

static void give(void) {
  __atomic_clear(&lock, __ATOMIC_RELEASE);
}

/* Where there are too many, the last one stands for the rest. */
static struct place *place_of(const char *file, int line) {
  size_t at = ((size_t)file * 31 + (size_t)line * 2654435761u) % PLACES;
  for (size_t tried = 0; tried < PLACES; tried++, at = (at + 1) % PLACES) {
    struct place *place = &places[at];
    if (place->line == line && place->file == file) return place;
    if (place->file != NULL || place->line != 0) continue;
    place->file = file;
    place->line = line;
    return place;
  }
  return &places[at];
}

static void count(struct block *block, size_t size, const char *file, int line) {
  take();
  block->size = size;
  block->place = place_of(file, line);
  block->place->live++;
  live++;
  live_bytes += (long)size;
  give();
}

static void discount(struct block *block) {
  take();
  block->place->live--;
  live--;
  live_bytes -= (long)block->size;
  give();
}

static void *counted_malloc(size_t size, const char *file, int line) {
  if (size == 0) return NULL;
  struct block *block = malloc(sizeof *block + size);
  if (block == NULL) return NULL;
  count(block, size, file, line);
  return block + 1;
}

static void counted_free(void *memory, const char *file, int line) {
  (void)file, (void)line;
  if (memory == NULL) return;
  struct block *block = (struct block *)memory - 1;
  discount(block);
  free(block);
}

static void *counted_realloc(void *memory, size_t size, const char *file, int line) {
  if (memory == NULL) return counted_malloc(size, file, line);
  if (size == 0) {
    counted_free(memory, file, line);
    return NULL;
  }
  struct block *block = (struct block *)memory - 1;
  /* It may be gone, or still be there, and only then is it known. */
  struct block old = *block;
  struct block *moved = realloc(block, sizeof *block + size);
  if (moved == NULL) return NULL;
  discount(&old);
  count(moved, size, file, line);
  return moved + 1;
}

typedef int set_functions(void *(*)(size_t, const char *, int),
                          void *(*)(void *, size_t, const char *, int),
                          void (*)(void *, const char *, int));

/*
 * Whoever has opened this file may close it at the process's end, when threads still free memory:
 * opened once more, it stays.
 */
static int stays(void) {
  Dl_info this_file;
  return dladdr(places, &this_file) != 0 && dlopen(this_file.dli_fname, RTLD_NOW) != NULL;
}

/* 1 where the library counts from now on; 0 where it is not there, or has allocated already. */
EXPORTED int count_allocations_of(const char *libssl) {
  if (!stays()) return 0;
  void *library = dlopen(libssl, RTLD_NOW);
  if (library == NULL) return 0;
  set_functions *set = (set_functions *)dlsym(library, "CRYPTO_set_mem_functions");
  return set != NULL && set(counted_malloc, counted_realloc, counted_free);
}

EXPORTED double allocations(void) {
  return (double)live;
}

EXPORTED double allocated_bytes(void) {
  return (double)live_bytes;
}

/* A line for each place that has memory: "number file:line". Cut off where it is too long. */
EXPORTED void allocating_places(char *text, size_t length) {
  size_t at = 0;
  text[0] = 0;
  for (size_t i = 0; i < PLACES; i++) {
    const struct place *place = &places[i];
    if (place->live == 0) continue;
    const char *file = place->file ? place->file : "?";
    int more = snprintf(text + at, length - at, "%ld %s:%d\n", place->live, file, place->line);
    if (more < 0 || (size_t)more >= length - at) return;
    at += (size_t)more;
  }
}
