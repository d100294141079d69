/** The image of `npm run proof` for Java: the virtual machine with its compilers, and OSv's way to call it. */
import { proofImage } from './proof.ts';
import type { Recipe } from './recipe.ts';

const HOME = '/usr/lib/jvm/java-17-openjdk-amd64';

export const javaImage: Recipe = {
  ...proofImage,
  name: 'java',
  title: 'OpenJDK 17',
  sizeBytes: 1024 * 1024 * 1024,
  packages: {
    ...proofImage.packages,
    coreutils: ['/usr/bin/*'],
    libacl1: ['/usr/lib/**'],
    libattr1: ['/usr/lib/**'],
    'libpcre2-8-0': ['/usr/lib/**'],
    libselinux1: ['/usr/lib/**'],
    'openjdk-17-jre-headless': [`${HOME}/**`, '/etc/java-17-openjdk/**'],
    'openjdk-17-jdk-headless': [`${HOME}/bin/*`],
  },
  links: {
    ...proofImage.links,
    // OSv's launcher of Java has this name.
    '/java.so': `${HOME.slice(1)}/bin/java`,
    '/usr/bin/java': `..${HOME.slice('/usr'.length)}/bin/java`,
    '/usr/bin/javac': `..${HOME.slice('/usr'.length)}/bin/javac`,
  },
};
