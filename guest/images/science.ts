/**
 * The image of `npm run proof` for languages, solvers, numbers and sound that other images have no room for: runtimes
 * with a heap of their own (GHC's, SBCL's, Guile's, Erlang's, Go with C), SIMD by hand, and long searches.
 */
import { inLib } from './debian-paths.ts';
import { proofImage } from './proof.ts';
import type { Recipe } from './recipe.ts';

/** Packages of which all is taken. */
const WHOLE = `
  age erlang-base flac guile-3.0 guile-3.0-libs jq lame minisat python3-numpy sbcl shellcheck stockfish z3
  libblas3 libflac12 libgc1 libgfortran5 libjq1 liblapack3 libmp3lame0 libmpg123-0 libogg0 libonig5 libopus0 libquadmath0
  libsndfile1 libunistring2 libvorbis0a libvorbisenc2
`
  .trim()
  .split(/\s+/);

export const scienceImage: Recipe = {
  ...proofImage,
  name: 'science',
  title: 'Languages, solvers, numbers and sound',
  sizeBytes: 1024 * 1024 * 1024,
  packages: {
    ...proofImage.packages,
    ...Object.fromEntries(WHOLE.map((name) => [name, ['/usr/**']])),
    bash: ['/usr/bin/bash'],
    coreutils: ['/usr/bin/*'],
    libacl1: [inLib('*')],
    libattr1: [inLib('*')],
    libgcrypt20: [inLib('*')],
    'libgpg-error0': [inLib('*')],
    'libpcre2-8-0': [inLib('*')],
    libselinux1: [inLib('*')],
    libsystemd0: [inLib('*')],
    libcap2: [inLib('libcap.so.2*')],
    'liblz4-1': [inLib('*')],
  },
  links: {
    ...proofImage.links,
    // As update-alternatives makes them.
    [inLib('libblas.so.3')]: 'blas/libblas.so.3',
    [inLib('liblapack.so.3')]: 'lapack/liblapack.so.3',
  },
};
