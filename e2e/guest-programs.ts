/** Programs that a user compiles on their own machine, made here by the machine's gcc. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface GuestProgram {
  readonly name: string;
  readonly content: Buffer;
}

/** @param name of the result; '.cc' sources go to g++ */
export function compile(
  name: string,
  source: string,
  flags: readonly string[],
  language: 'c' | 'c++' = 'c',
): GuestProgram {
  const folder = mkdtempSync(join(tmpdir(), 'osv-e2e-'));
  try {
    const input = join(folder, language === 'c' ? 'program.c' : 'program.cc');
    writeFileSync(input, source);
    execFileSync(language === 'c' ? 'gcc' : 'g++', [...flags, '-o', join(folder, name), input], { stdio: 'pipe' });
    return { name, content: readFileSync(join(folder, name)) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Prints its arguments and a static counter: shows whether globals are fresh. */
export const COUNTER = `
#include <stdio.h>
static int runs;
int main(int argc, char **argv) {
  printf("count %d:", ++runs);
  for (int i = 1; i < argc; i++) printf(" %s", argv[i]);
  printf("\\n");
  return 0;
}`;

export const HELLO = `
#include <stdio.h>
int main(void) { printf("hello from a %zu-bit program\\n", sizeof(void *) * 8); return 3; }`;

export const CPP = `
#include <iostream>
#include <stdexcept>
#include <string>
#include <thread>
int main() {
  std::string text;
  std::thread worker([&] { text = "a thread"; });
  worker.join();
  try { throw std::runtime_error("an exception"); }
  catch (const std::exception &error) { std::cout << text << " and " << error.what() << std::endl; }
}`;

export const SPIN_IN_CONSTRUCTOR = `
static volatile int forever = 1;
__attribute__((constructor)) static void spin(void) { while (forever) {} }
int main(void) { return 0; }`;

export const NULL_POINTER = `
#include <stdio.h>
int main(void) { printf("before\\n"); fflush(stdout); *(volatile int *)0 = 1; return 0; }`;

/** Prints and then changes one variable of the environment. */
export const ENVIRONMENT = `
#include <stdio.h>
#include <stdlib.h>
int main(void) {
  const char *mark = getenv("MARK");
  printf("MARK is %s\\n", mark ? mark : "not set");
  setenv("MARK", "changed", 1);
  return 0;
}`;

/** Leaves through exit() from inside a function. */
export const EXITS = `
#include <stdio.h>
#include <stdlib.h>
static void leave(int code) { printf("leaving\\n"); exit(code); }
int main(void) { leave(7); return 0; }`;

/** Allocates for ever: killed, it most likely holds malloc's lock. */
export const ALLOCATES = `
#include <stdlib.h>
int main(void) { for (;;) { free(malloc(100)); free(malloc(100000)); } }`;
