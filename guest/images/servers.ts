/**
 * The image of `npm run proof` for servers and the tools of whoever runs them: they meet their clients over the loopback,
 * become other users, fork, share memory and listen in several processes.
 */
import { defaultImage } from './default.ts';
import { proofImage } from './proof.ts';
import type { Recipe } from './recipe.ts';

/** Packages of which all is taken. */
const WHOLE = `
  apache2-bin apache2-utils bash bind9-dnsutils bind9-libs bsdutils coreutils curl diffutils dnsmasq-base findutils gawk
  grep haproxy iproute2 lighttpd lsof mosquitto mosquitto-clients netcat-openbsd openssh-client openssh-server
  openssh-sftp-server postgresql-15 postgresql-client-15 procps rsync sed socat util-linux
  libacl1 libapr1 libaprutil1 libattr1 libaudit1 libblkid1 libbpf1 libbrotli1 libbsd0 libcap-ng0 libcap2 libcjson1
  libcom-err2 libcurl4 libdbus-1-3 libdlt2 libedit2 libelf1 libfstrm0 libgcrypt20 libgnutls30 libgpg-error0
  libgssapi-krb5-2 libhogweed6 libicu72 libidn2-0 libjansson4 libjemalloc2 libjson-c5 libk5crypto3 libkeyutils1
  libkrb5-3 libkrb5support0 libldap-2.5-0 liblmdb0 liblua5.3-0 liblz4-1 libmaxminddb0 libmd0 libmnl0 libmosquitto1
  libmount1 libncursesw6 libnetfilter-conntrack3 libnettle8 libnfnetlink0 libnftables1 libnftnl11 libnghttp2-14 libnsl2
  libopentracing-c-wrapper0 libopentracing1 libp11-kit0 libpam0g libpcre2-8-0 libpopt0 libpq5 libproc2-0
  libprotobuf-c1 libpsl5 librtmp1 libsasl2-2 libselinux1 libsigsegv2 libsmartcols1 libssh2-1 libsystemd0 libtasn1-6
  libtirpc3 libunistring2 libuv1 libwebsockets17 libwrap0 libxml2 libxtables12 libxxhash0
`
  .trim()
  .split(/\s+/);

const PASSWD = `root:x:0:0:root:/:/bin/sh
sshd:x:100:65534::/run/sshd:/usr/sbin/nologin
postgres:x:101:101::/tmp:/bin/sh
www-data:x:33:33::/var/www:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
`;

export const serversImage: Recipe = {
  ...proofImage,
  name: 'servers',
  title: 'Servers and their clients',
  sizeBytes: 1024 * 1024 * 1024,
  packages: {
    ...proofImage.packages,
    ...Object.fromEntries(WHOLE.map((name) => [name, ['/usr/**']])),
  },
  texts: {
    ...defaultImage.texts,
    '/etc/passwd': PASSWD,
    '/etc/group': 'root:x:0:\nwww-data:x:33:\npostgres:x:101:\nnogroup:x:65534:\n',
    '/etc/mime.types': 'text/html html\ntext/plain txt\n',
  },
  links: {
    ...defaultImage.links,
    '/usr/bin/awk': 'gawk',
    '/usr/bin/nc': 'nc.openbsd',
    '/usr/bin/python3': 'python3.11',
    '/usr/bin/sh': 'bash',
  },
};
