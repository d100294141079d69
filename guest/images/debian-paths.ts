/** Path of a library as Debian lays them out. */
export function inLib(name: string): string {
  return `/usr/lib/x86_64-linux-gnu/${name}`;
}
