/* What ps shows of a shim and its children: the launcher's own command line has paths of the host in it. */
#include "orc.h"
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

enum { KIND_BYTES = 8, ID_BYTES = 12, TITLE_BYTES = KIND_BYTES + 1 + ID_BYTES + 1 };

static char *given; /* the command line as the kernel laid it out */
static size_t given_bytes;
static char *shown; /* NULL: ours is the launcher's */

/* The strings lie one after the other. */
void title_room(char **argv) {
  given = argv[0];
  while (argv[1]) argv++;
  given_bytes = (size_t)(*argv + strlen(*argv) + 1 - given);
}

/* Lies below the stack, so its start goes first: at no time does the command line end before it begins. */
static bool show_instead(char *text, size_t bytes) {
  if (prctl(PR_SET_MM, PR_SET_MM_ARG_START, (unsigned long)text, 0, 0)) return false;
  return prctl(PR_SET_MM, PR_SET_MM_ARG_END, (unsigned long)text + bytes, 0, 0) == 0;
}

/*
 * `folder`: the container's, whose last part is its id. To show other memory costs none, and takes CAP_SYS_RESOURCE;
 * without it the launcher's words are written over, which no shim looks at.
 */
void title_set(const char *folder) {
  static char title[TITLE_BYTES];
  const char *id = strrchr(folder, '/');
  snprintf(title, sizeof title, "orc-shim %.*s", ID_BYTES, id ? id + 1 : folder);
  shown = title;
  if (show_instead(title, strlen(title) + 1) || given_bytes < sizeof title) return;
  shown = given;
  memset(given, 0, given_bytes);
  memcpy(given, title, sizeof title);
}

/* `orc-exec`, `orc-init`: as long as `orc-shim`, whose children they are. */
void title_kind(const char *kind) {
  if (shown) memcpy(shown, kind, KIND_BYTES);
  prctl(PR_SET_NAME, kind);
}
