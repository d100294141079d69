/**
 * The image of `npm run proof` for what people do at a terminal: programs that are driven by keys (guest/proof/sessions)
 * and the command line tools that the image `programs` has no room for.
 */
import { inLib } from './debian-paths.ts';
import { defaultImage } from './default.ts';
import { proofImage } from './proof.ts';
import type { Recipe } from './recipe.ts';

/** Packages of which all is taken. */
const WHOLE = `
  bash coreutils dash findutils gawk grep sed tar xz-utils zstd gzip diffutils
  bsdutils htop less lsof nano procps psmisc screen tmux vim vim-common vim-runtime
  curl fd-find openssh-client ripgrep stress-ng
  libacl1 libattr1 libaudit1 libcap-ng0 libgcrypt20 libgpg-error0 liblz4-1 libpam0g libpcre2-8-0 libselinux1 libsigsegv2 libsystemd0 libtirpc3
  libevent-core-2.1-7 libgpm2 libncursesw6 libproc2-0 libsodium23 libutempter0
  libbrotli1 libcom-err2 libcurl4 libgnutls30 libgssapi-krb5-2 libhogweed6 libidn2-0 libk5crypto3 libkeyutils1 libkrb5-3
  libkrb5support0 libldap-2.5-0 libnettle8 libnghttp2-14 libp11-kit0 libpsl5 librtmp1 libsasl2-2 libssh2-1 libtasn1-6
  libunistring2
  libapparmor1 libbsd0 libdrm2 libegl1 libgbm1 libgles2 libglvnd0 libipsec-mb1 libjpeg62-turbo libjudydebian1 libkmod2
  libmd0 libnl-3-200 libnl-genl-3-200 libsctp1 libwayland-server0 libxau6 libxcb-randr0 libxcb1 libxdmcp6 libxxhash0
`
  .trim()
  .split(/\s+/);

export const toolsImage: Recipe = {
  ...proofImage,
  name: 'tools',
  title: 'Programs at a terminal',
  sizeBytes: 1024 * 1024 * 1024,
  packages: {
    ...proofImage.packages,
    ...Object.fromEntries(WHOLE.map((name) => [name, ['/usr/**']])),
    libedit2: [inLib('libedit.so.2*')],
    libcap2: [inLib('libcap.so.2*')],
  },
  links: {
    ...defaultImage.links,
    '/usr/bin/awk': 'gawk',
    '/usr/bin/python3': 'python3.11',
    '/usr/bin/sh': 'dash',
    '/usr/bin/vim': 'vim.basic',
  },
};
