/** What an image recipe says: plain data, from which build/ makes a disk. */

export interface Recipe {
  readonly name: string;
  /**
   * 'page': cut into chunks that the page fetches, and built whenever images are. 'tests': the raw image only, with its
   * files beside it in NAME.tree for running the same programs natively; built when it is named. 'bench': both, with
   * its chunks where only the benchmarks look.
   */
  readonly audience: 'page' | 'tests' | 'bench';
  /** A few words for the image list of the page. */
  readonly title: string;
  readonly sizeBytes: number;
  readonly source: string;
  readonly licence: string;
  /** Debian packages by name (packages.lock.json has their versions) and the files to take from each. */
  readonly packages: Readonly<Record<string, readonly FilePattern[]>>;
  /** Files of npm packages (packages.lock.json has their versions): path in the image → package and path inside it. */
  readonly npmFiles: Readonly<Record<string, readonly [packageName: string, path: string]>>;
  /** Programs of ours, compiled from guest/apps. */
  readonly programs: readonly ProgramSource[];
  /** Files of the repository, as they are: path in the image → path in the repository (a folder brings all inside). */
  readonly copies: Readonly<Record<string, string>>;
  /** Small files: path in the image → text. */
  readonly texts: Readonly<Record<string, string>>;
  /** Path in the image → what the link says. */
  readonly links: Readonly<Record<string, string>>;
  /** Empty directories, with their mode. */
  readonly directories: Readonly<Record<string, number>>;
}

/** Path in the image with `*` (not across '/') and `**` (across). Packages are seen with /bin, /lib, /sbin below /usr. */
export type FilePattern = string;

export interface ProgramSource {
  /** Path in the image. */
  readonly to: string;
  readonly sources: readonly string[];
  readonly flags: readonly string[];
}

/** Matches paths in an image against one pattern. */
export function patternMatcher(pattern: FilePattern): (path: string) => boolean {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\?]/g, String.raw`\$&`)
    .replaceAll('**', '\0')
    .replaceAll('*', '[^/]*')
    .replaceAll('\0', '.*');
  const expression = new RegExp(`^${source}$`);
  return (path) => expression.test(path);
}
