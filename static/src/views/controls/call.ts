// A call of the API as text to run elsewhere. Makes text only; sends nothing.

export interface Call {
  method: string;
  path: string;
  body?: unknown;
  /** The answer is a safetensors file. */
  tensors?: boolean;
}

/** Signs that break a line, turn its order or cannot be seen: who pastes a call must see all of it. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Cn}\p{Zl}\p{Zp}]/gu;

const unit = (code: number) => `\\u${code.toString(16).padStart(4, '0')}`;

/** JSON on one line. */
const asJson = (value: unknown) =>
  (JSON.stringify(value) ?? 'null').replace(UNSEEN, (sign) =>
    Array.from({ length: sign.length }, (_, at) => unit(sign.charCodeAt(at))).join(''),
  );

/** A Python string in double quotes, on one line. */
const asString = (text: string) =>
  JSON.stringify(text).replace(UNSEEN, (sign) => {
    const code = sign.codePointAt(0) ?? 0;
    return code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : unit(code);
  });

const shell = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

export function asCurl({ method, path, body, tensors }: Call, origin: string): string {
  const parts = ['curl'];
  if (method !== 'GET' && !(method === 'POST' && body !== undefined)) parts.push(`-X ${method}`);
  parts.push(shell(origin + path));
  if (body !== undefined) {
    parts.push(`-H 'Content-Type: application/json'`, `-d ${shell(asJson(body))}`);
  }
  if (tensors) parts.push('-o tensors.safetensors');
  return parts.join(' ');
}

/** JSON data as a Python literal. */
export function asLiteral(value: unknown, indent = ''): string {
  if (value === null || value === undefined) return 'None';
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : 'None';
  if (typeof value === 'string') return asString(value);
  const inner = `${indent}    `;
  const [open, close, entries] = Array.isArray(value)
    ? ['[', ']', value.map((each) => asLiteral(each, inner))]
    : [
        '{',
        '}',
        Object.entries(value)
          .filter(([, each]) => each !== undefined)
          .map(([key, each]) => `${asString(key)}: ${asLiteral(each, inner)}`),
      ];
  const line = `${open}${entries.join(', ')}${close}`;
  if (line.length + indent.length <= 72 && !line.includes('\n')) return line;
  return `${open}\n${entries.map((each) => `${inner}${each},\n`).join('')}${indent}${close}`;
}

export function asPython({ method, path, body, tensors }: Call, origin: string): string {
  const url = asString(origin + path);
  const given = body === undefined ? '' : `, json=${asLiteral(body)}`;
  return [
    'import requests',
    ...(tensors ? ['from safetensors.numpy import load'] : []),
    '',
    `answer = requests.${method.toLowerCase()}(${url}${given})`,
    'answer.raise_for_status()',
    ...(tensors
      ? ['tensors = load(answer.content)', 'print({name: t.shape for name, t in tensors.items()})']
      : ['print(answer.json())']),
    '',
  ].join('\n');
}

/** Puts text on the clipboard, also on pages that browsers do not call secure (plain http in a lab). */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement('textarea');
    const before = document.activeElement;
    area.value = text;
    area.readOnly = true;
    area.className = 'sr-only';
    document.body.append(area);
    area.select();
    const done = document.execCommand?.('copy') ?? false;
    area.remove();
    if (before instanceof HTMLElement) before.focus();
    return done;
  }
}
