// A fault: one sentence with its place, FILE:LINE where there is one.
import { shown } from './tree.mjs';

export const at = (file, line, text) => ({ file: shown(typeof file === 'string' ? file : file.path), line, text });
export const inGeneral = (text) => ({ text });
export const format = ({ file, line, text }) => (file ? `${file}:${line ?? 1}: ${text}` : text);
