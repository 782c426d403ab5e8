/**
 * Plain scalars by the core schema of YAML 1.2, with the octal `0440` and the digit groups `1_000` that
 * compose files have always been read with.
 */
import type { Scalar } from '../node.ts';

const NULL = /^(?:null|Null|NULL|~|)$/;
const TRUE = /^(?:true|True|TRUE)$/;
const FALSE = /^(?:false|False|FALSE)$/;
const INTEGER = /^[-+]?[0-9][0-9_]*$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?$/;
const RADIX = /^([-+]?)0(?:x([0-9a-fA-F_]+)|o([0-7_]+)|b([01_]+))$/;
const SPECIAL = /^([-+]?)\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$/;
const FIRST = /^[-+.0-9ntfNTF~]/;

export function resolvePlain(text: string): Scalar {
  if (text === '') return null;
  if (!FIRST.test(text)) return text;
  if (NULL.test(text)) return null;
  if (TRUE.test(text)) return true;
  if (FALSE.test(text)) return false;
  return numberOf(text) ?? text;
}

function numberOf(text: string): number | undefined {
  if (INTEGER.test(text)) return integerOf(text);
  if (FLOAT.test(text)) return Number(text.replaceAll('_', ''));
  const radix = RADIX.exec(text);
  if (radix !== null) {
    const [, sign, hex, octal, binary] = radix;
    const digits = (hex ?? octal ?? binary ?? '').replaceAll('_', '');
    const value = Number.parseInt(digits, hex !== undefined ? 16 : octal !== undefined ? 8 : 2);
    return sign === '-' ? -value : value;
  }
  const special = SPECIAL.exec(text);
  if (special === null) return undefined;
  return text.endsWith('f') || text.endsWith('F') ? (special[1] === '-' ? -Infinity : Infinity) : Number.NaN;
}

const integerOf = (text: string): number => {
  const digits = text.replaceAll('_', '');
  return /^[-+]?0[0-7]+$/.test(digits) ? Number.parseInt(digits.replace('0', ''), 8) : Number(digits);
};
