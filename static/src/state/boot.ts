// First contact: what the page shows before anything runs. Creates nothing on the server.
import { say, setLanguage, t } from '../i18n';
import { ApiError } from '../protocol/errors';
import type { MetricsHistory, RunSpec } from '../protocol/types';
import { specInAddress } from './exchange';
import type { Session } from './session.svelte';

export const EMPTY: RunSpec = {
  version: 1,
  name: '',
  model: { version: 1, nodes: [], outputs: ['input'] },
  training: {
    version: 1,
    dataset: { type: 'digits28' },
    augmentations: [],
    phases: [
      {
        type: 'supervised',
        target: 'label',
        loss: { type: 'cross_entropy' },
        optimizer: { type: 'sgd', learning_rate: 0.05 },
        schedule: { type: 'constant' },
        groups: [],
        clip_norm: null,
        clip_value: null,
        batch_size: 64,
        epochs: 8,
      },
    ],
  },
  seed: 0,
  device: 'auto',
  weights: null,
};

/** The curve that belongs to the recorded frame. */
export type Recorded = MetricsHistory & { epoch: number };

/** What the server wrote into the page. */
function told(): { language?: string; guarded?: boolean } {
  const block = document.getElementById('boot')?.textContent;
  return block ? (JSON.parse(block) as { language?: string; guarded?: boolean }) : {};
}

export function readBoot(): void {
  setLanguage(told().language === 'zh' ? 'zh' : 'en');
}

/** The visitor has shown a token, and may log out. */
export function guarded(): boolean {
  return told().guarded === true;
}

export function runInAddress(): string | null {
  return new URLSearchParams(location.hash.slice(1)).get('run');
}

/** The part whose example is asked for: `?example=layers/conv1d`. */
export function exampleInAddress(): string | null {
  return new URLSearchParams(location.search).get('example');
}

/** Show the example of a part, ready for Play; false where there is none. */
async function example(session: Session, name: string): Promise<boolean> {
  const found = await session.guard(() => session.api.example(name));
  if (!found) return false;
  const title = t('example.shown', { title: say(found.title) });
  await session.editor.open({ ...found.spec, name: title });
  return true;
}

async function recorded(session: Session, preset: string): Promise<void> {
  const base = `/static/recorded/${preset}`;
  const [frame, curve] = await Promise.all([fetch(`${base}.safetensors`), fetch(`${base}.json`)]);
  if (!frame.ok || !curve.ok) return;
  const [buffer, past] = await Promise.all([
    frame.arrayBuffer(),
    curve.json() as Promise<Recorded>,
  ]);
  if (session.run.exists || session.frames.activation) return;
  session.frames.show(buffer, true);
  session.run.showRecorded(past);
}

/** The network of a link, if the address is one; says what is wrong with it otherwise. */
async function linked(session: Session): Promise<boolean> {
  try {
    const spec = await specInAddress(session, location.hash);
    if (!spec) return false;
    await session.editor.open(spec);
    return true;
  } catch (error) {
    history.replaceState(null, '', location.pathname + location.search);
    const first = error instanceof ApiError ? (error.problems[0]?.message ?? error.text) : null;
    const reason = first ? say(first) : String(error);
    const body = t('exchange.linkRefusedWhat', { reason });
    session.app.note({ kind: 'bad', title: t('exchange.linkRefused'), body });
    return false;
  }
}

/** A link that was opened in a tab that shows a network already. */
async function openLink(session: Session): Promise<void> {
  const spec = await session.guard(() => specInAddress(session, location.hash));
  if (spec) await session.open(spec);
}

/** Show a network as soon as the catalogue is known. */
export async function boot(session: Session): Promise<void> {
  const id = runInAddress();
  const first = session.catalog.presets[0];
  if (id) await session.attach(id);
  const part = session.run.exists ? null : exampleInAddress();
  const shown = part === null ? await linked(session) : await example(session, part);
  if (!session.run.exists && !shown && first) {
    void recorded(session, first.id).catch(() => undefined);
    await session.editor.open(first.spec);
  }
  session.ready = true;
  window.addEventListener('hashchange', () => {
    const next = runInAddress();
    if (next && next !== session.run.id) void session.attach(next);
    else void openLink(session);
  });
  document.addEventListener('visibilitychange', () => {
    session.stream.setVisible(document.visibilityState === 'visible');
  });
  await session.catalog.loadDevices();
}
