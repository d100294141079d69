/** Whether another decoder's mnemonic is the one of our row. */

/** The same instruction by another custom, or what newer processors make of a prefix that ours ignores. */
const SAME: Readonly<Record<string, string>> = {
  xlatb: 'xlat', sal: 'shl', wait: 'fwait', movabs: 'mov', fxsave64: 'fxsave', fxrstor64: 'fxrstor', pcmpestrm64: 'pcmpestrm',
  pcmpestri64: 'pcmpestri', wbnoinvd: 'wbinvd', prefetchwt1: 'prefetchw', cldemote: 'nop', endbr32: 'nop', rdsspd: 'nop',
  rdsspq: 'nop', tzcnt: 'bsf', lzcnt: 'bsr', pause: 'xchg',
}; // oxfmt-ignore

/** Iced and objdump write predicates and hints into the mnemonic: cmpltsd, prefetcht0. */
function withoutDetail(name: string): string {
  return name.replace(/^cmp[a-z]+([ps][sd])$/, 'cmp$1').replace(/^prefetch(nta|t\d|it\d|w)$/, 'prefetch');
}

export function namesAgree(theirs: string, ours: string): boolean {
  return theirs === ours || withoutDetail(SAME[theirs] ?? theirs) === withoutDetail(ours);
}
