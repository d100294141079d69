/** What a dropped file is, for the page: told before it runs, from its bytes alone. */
import { utf8FromBytes } from '../../emulator/util/bytes.ts';
import { ElfError, type ElfImage, type ElfSource, parseElf } from './elf.ts';

export type ElfDescription =
  | { readonly kind: 'not-runnable'; readonly reason: string }
  | {
      readonly kind: 'runnable';
      /** 'shared object' runs in the default namespace unless new_program; the others always get their own. */
      readonly form:
        | 'shared object'
        | 'executable'
        | 'position-independent executable'
        | 'static executable'
        | 'static PIE';
      readonly interpreter: string | undefined;
      readonly needed: readonly string[];
      readonly versions: readonly { readonly library: string; readonly version: string }[];
      /** Meaningful for shared objects, which cannot run without. */
      readonly hasMain: boolean;
      /** Highest GLIBC_x.y asked for: '2.38'. */
      readonly glibc: string | undefined;
    };

export function describeElf(bytes: Uint8Array): ElfDescription {
  const source: ElfSource = {
    sizeBytes: bytes.length,
    read: (offset, size) => bytes.subarray(Math.min(offset, bytes.length), Math.min(offset + size, bytes.length)),
  };
  try {
    return describe(parseElf(source));
  } catch (error) {
    if (error instanceof ElfError) return { kind: 'not-runnable', reason: error.message };
    throw error;
  }
}

function describe(elf: ElfImage): ElfDescription {
  const versions = (elf.dynamic?.versions ?? []).map(({ library, version }) => ({
    library: utf8FromBytes(library),
    version: utf8FromBytes(version),
  }));
  return {
    kind: 'runnable',
    form: formOf(elf),
    interpreter: elf.interpreter === undefined ? undefined : utf8FromBytes(elf.interpreter),
    needed: (elf.dynamic?.needed ?? []).map(utf8FromBytes),
    versions,
    hasMain: elf.dynamic?.hasMain ?? false,
    glibc: highestGlibc(versions.map(({ version }) => version)),
  };
}

function formOf(elf: ElfImage): (ElfDescription & { kind: 'runnable' })['form'] {
  if (elf.type === 'shared-object') return 'shared object';
  if (elf.isFixed) return elf.interpreter === undefined ? 'static executable' : 'executable';
  return elf.interpreter === undefined ? 'static PIE' : 'position-independent executable';
}

function highestGlibc(versions: readonly string[]): string | undefined {
  const numbers = versions.flatMap((version) => {
    const match = /^GLIBC_(\d+)\.(\d+)/.exec(version);
    return match === null ? [] : [[Number(match[1]), Number(match[2])] as const];
  });
  const highest = numbers.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]).at(-1);
  return highest?.join('.');
}
