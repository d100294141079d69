/** The image of `npm run test:python`: Python with the regression tests that its authors ship, and what those call. */
import { inLib } from './debian-paths.ts';
import { proofImage } from './proof.ts';
import type { Recipe } from './recipe.ts';

export const pythonImage: Recipe = {
  ...proofImage,
  name: 'python',
  title: "Python's own regression tests",
  sizeBytes: 1024 * 1024 * 1024,
  packages: {
    ...proofImage.packages,
    'libpython3.11-testsuite': ['/usr/lib/python3.11/**'],
    coreutils: ['/usr/bin/*'],
    dash: ['/usr/bin/dash'],
    libacl1: [inLib('*')],
    libattr1: [inLib('*')],
    libncursesw6: [inLib('*')],
    'libpcre2-8-0': [inLib('*')],
    libselinux1: [inLib('*')],
    libnsl2: [inLib('*')],
    libtirpc3: [inLib('*')],
    'libgssapi-krb5-2': [inLib('*')],
    'libkrb5-3': [inLib('*')],
    libk5crypto3: [inLib('*')],
    libkrb5support0: [inLib('*')],
    'libcom-err2': [inLib('*')],
    libkeyutils1: [inLib('*')],
    'libdb5.3': [inLib('*')],
    'media-types': ['/etc/mime.types'],
    netbase: ['/etc/**'],
    tzdata: ['/usr/share/zoneinfo/**'],
  },
  links: {
    ...proofImage.links,
    '/usr/bin/sh': 'dash',
  },
};
