/** All images. */
import { benchImage } from './bench.ts';
import { defaultImage } from './default.ts';
import { devImage } from './dev.ts';
import { javaImage } from './java.ts';
import { languagesImage } from './languages.ts';
import { programsImage } from './programs.ts';
import { proofImage } from './proof.ts';
import { pythonImage } from './python.ts';
import { scienceImage } from './science.ts';
import { serversImage } from './servers.ts';
import { toolsImage } from './tools.ts';
import type { Recipe } from './recipe.ts';

/** The first is what a page starts with. */
export const RECIPES: readonly Recipe[] = [
  defaultImage,
  devImage,
  proofImage,
  pythonImage,
  programsImage,
  toolsImage,
  serversImage,
  languagesImage,
  javaImage,
  scienceImage,
  benchImage,
];
