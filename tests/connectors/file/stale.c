/* Preloaded: shows a directory as an NFS client with old caches does. A name once seen absent stays absent until
   the directory is opened by its path and read to its end; each name that is there is ESTALE at its first open
   after that; inotify says nothing. Counts on one thread that looks at a time. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

enum { names = 4096 };
static char absent[names][64], lost[names][64];
static int absents, losts;

static int find(char list[][64], int count, char const* name) {
  for (int i = 0; i < count; ++i)
    if (strcmp(list[i], name) == 0) return 1;
  return 0;
}

static void add(char list[][64], int* count, char const* name) {
  if (*count < names && strlen(name) < 64) strcpy(list[(*count)++], name);
}

/* What this client does itself it knows. */
static int made(int result, char const* name) {
  for (int i = 0; result >= 0 && i < absents; ++i)
    if (strcmp(absent[i], name) == 0) memmove(absent[i], absent[--absents], sizeof absent[i]);
  return result;
}

int linkat(int from, char const* name, int to, char const* link, int flags) {
  return made(REAL(linkat)(from, name, to, link, flags), link);
}

int symlinkat(char const* target, int to, char const* link) { return made(REAL(symlinkat)(target, to, link), link); }

int renameat(int from, char const* name, int to, char const* link) {
  return made(REAL(renameat)(from, name, to, link), link);
}

int fstatat(int directory, char const* restrict name, struct stat* restrict status, int flags) {
  if (find(absent, absents, name)) return errno = ENOENT, -1;
  int const result = REAL(fstatat)(directory, name, status, flags);
  if (result != 0 && errno == ENOENT) add(absent, &absents, name), errno = ENOENT;
  return result;
}

int openat(int directory, char const* name, int flags, ...) {
  va_list more;
  va_start(more, flags);
  mode_t const mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(more, mode_t) : 0;
  va_end(more);
  if ((flags & (O_CREAT | O_TMPFILE)) == 0 && name[0] != '/') {
    if (find(absent, absents, name)) return errno = ENOENT, -1;
    if (!find(lost, losts, name)) return add(lost, &losts, name), errno = ESTALE, -1;
  }
  return made(REAL(openat)(directory, name, flags, mode), name);
}

struct dirent* readdir(DIR* directory) {
  struct dirent* const entry = REAL(readdir)(directory);
  if (!entry) absents = 0;
  return entry;
}

int fstatfs(int file, struct statfs* status) {
  int const result = REAL(fstatfs)(file, status);
  status->f_type = NFS_SUPER_MAGIC;
  return result;
}

int inotify_add_watch(int queue, char const* path, uint32_t mask) {
  (void)mask;
  return REAL(inotify_add_watch)(queue, path, IN_DELETE_SELF);
}
