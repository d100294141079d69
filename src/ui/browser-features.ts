/** What the machine needs of a browser; asked once, before anything else starts. */

interface Feature {
  readonly name: string;
  isPresent(): boolean;
}

const NEEDED: readonly Feature[] = [
  { name: 'WebAssembly', isPresent: () => typeof WebAssembly === 'object' },
  { name: 'workers', isPresent: () => typeof Worker === 'function' && typeof MessageChannel === 'function' },
  { name: 'BigInt', isPresent: () => typeof BigInt === 'function' && typeof BigUint64Array === 'function' },
  { name: 'streams', isPresent: () => typeof ReadableStream === 'function' },
];

/** @returns a sentence for the user, or undefined when everything is there */
export function missingFeatures(): string | undefined {
  const missing = NEEDED.filter((feature) => !feature.isPresent()).map((feature) => feature.name);
  if (missing.length === 0) return undefined;
  return `This browser lacks ${missing.join(' and ')}, which the machine is built on. A current Chrome, Edge, Firefox or Safari has it.`;
}
