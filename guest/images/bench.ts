/** The image of `npm run bench`: the programs that are timed, and what they work on (bench/programs). */
import { inLib } from './debian-paths.ts';
import { defaultImage } from './default.ts';
import { proofImage } from './proof.ts';
import type { Recipe } from './recipe.ts';

export const benchImage: Recipe = {
  ...proofImage,
  name: 'bench',
  audience: 'bench',
  title: 'Programs that are timed',
  packages: {
    ...proofImage.packages,
    bash: ['/usr/bin/bash'],
    gzip: ['/usr/bin/gzip'],
    'xz-utils': ['/usr/bin/xz'],
    libtinfo6: [inLib('libtinfo.so.6*')],
  },
  programs: [
    ...defaultImage.programs,
    { to: '/usr/bin/bench-hello', sources: ['bench/guest/hello.c'], flags: ['-O2', '-fPIE', '-pie'] },
    { to: '/usr/bin/bench-latency', sources: ['bench/guest/latency.c'], flags: ['-std=gnu11', '-O2', '-pthread'] },
  ],
  copies: { ...defaultImage.copies, '/bench': 'bench/programs', '/bench/data': '.cache/bench/data' },
};
