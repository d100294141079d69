import type { Region } from '../backends/region/region.ts';
import type { AddressSpace } from '../memory/address-space.ts';
import type { CodeBytes } from '../memory/code-pages.ts';

/** The guest code that regions are made from, each block once. */
export function piecesOf(regions: readonly Region[], { u8 }: AddressSpace): CodeBytes[] {
  const pieces = new Map<number, CodeBytes>();
  for (const { blocks } of regions) {
    for (const { rip, sizeBytes } of blocks) {
      if (!pieces.has(rip)) pieces.set(rip, { rip, bytes: u8.slice(rip, rip + sizeBytes) });
    }
  }
  return [...pieces.values()];
}
