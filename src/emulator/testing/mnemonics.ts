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

/** Objdump leaves the size out of some names in Intel syntax, and calls 66 90 what it once was. */
export function objdumpNamesAgree(theirs: string, ours: string): boolean {
  if (/^(movs|cmps|stos|lods|scas|ins|outs)$/.test(theirs)) return ours.slice(0, -1) === theirs;
  if (/^(popf|pushf|iret)$/.test(theirs)) return ours.startsWith(theirs);
  if ((theirs === 'xchg' && ours === 'nop') || (theirs === 'retfq' && ours === 'retf')) return true;
  return namesAgree(theirs, ours) || namesAgree(withoutPredicate(theirs), ours);
}

/** What assemblers take for the predicate of a compare, or the halves of a product, in the mnemonic. */
function withoutPredicate(name: string): string {
  return name
    .replace(/^(v?cmp)[a-z_]+?([ps][sdh])$/, '$1$2')
    .replace(/^vpcmp(?:eq|lt|le|neq|nlt|nle)(u?[bwdq])$/, 'vpcmp$1')
    .replace(/^(v?pclmul)[lh]q[lh]qdq$/, '$1qdq');
}
