// The page's one session: wires network, run, frames and samples together and holds what a user can do.
import { getContext, setContext } from 'svelte';
import { say, t } from '../i18n';
import { Microscope } from '../protocol/microscope';
import { Api } from '../protocol/rest';
import { Stream, streamAddress, type Status } from '../protocol/socket';
import type { AnyEvent, Command, PartValue, RunInfo, RunSpec } from '../protocol/types';
import { App } from './app.svelte';
import { cards, reportsOf } from './cards';
import { Cells } from './cells.svelte';
import { Catalog } from './catalog.svelte';
import { Editor } from './editor.svelte';
import { createFitting } from './exchange';
import { Frames } from './frames.svelte';
import { liveCommands, structure, withPhase, withSettings } from './live';
import { Own } from './own.svelte';
import { Pen } from './pen.svelte';
import { Run } from './run.svelte';
import { Samples } from './samples.svelte';
import { Scope } from './scope.svelte';
import { View } from './view.svelte';

const KEY = Symbol('session');
const NEW_RUN_DELAY_MS = 500;

export function provide(session: Session): void {
  setContext(KEY, session);
}

export function useSession(): Session {
  return getContext<Session>(KEY);
}

export class Session {
  readonly app = new App();
  readonly api = new Api();
  readonly microscope = new Microscope(this.api);
  readonly cells = new Cells();
  readonly scope = new Scope(this);
  readonly stream: Stream;
  readonly catalog = new Catalog(this.api);
  readonly own = new Own(this.api, this.catalog);
  readonly samples = new Samples(this.api);
  readonly pen = new Pen(this);
  readonly view = new View();
  readonly frames: Frames;
  readonly run: Run;
  readonly editor: Editor;
  connection = $state<Status>('idle');
  ready = $state(false);
  /** A run is being made. */
  creating = $state(false);
  /** Play was pressed and has not yet been answered. */
  #playing = $state(false);
  readonly playing = $derived.by(() => this.#playing || this.run.running);
  readonly cards = $derived.by(() =>
    cards(this.editor.spec.model, this.catalog.layers, this.editor.report),
  );
  /** Training and validation samples: with the options that were chosen, once they are checked. */
  readonly sizes = $derived.by(
    (): [number, number] => this.editor.report?.samples ?? this.facts?.sizes ?? [0, 0],
  );
  readonly reports = $derived.by(() => reportsOf(this.editor.report));
  readonly phase = $derived.by(() => this.editor.spec.training.phases[0]);
  readonly dataset = $derived.by(() => this.editor.spec.training.dataset);
  readonly facts = $derived.by(() => this.own.facts(this.dataset));
  readonly points = $derived.by(() => this.facts?.kind === 'points');
  readonly tabular = $derived.by(() => this.facts?.kind === 'tabular');
  /** What the network learns: the data set's task, or to give back its input. */
  readonly task = $derived.by(() =>
    this.phase?.target === 'input' ? 'reconstruction' : (this.facts?.task ?? 'classification'),
  );
  /** The network or its training was edited into something that needs a run of its own. */
  readonly edited = $derived.by(() => {
    const spec = this.run.spec;
    if (!spec) return false;
    const families = this.catalog.families;
    return structure(this.editor.spec, families) !== structure(spec, families);
  });
  #making: Promise<void> | null = null;
  #newRun: ReturnType<typeof setTimeout> | null = null;
  /** Numbers of the editor are on their way to the run. */
  syncing = false;

  constructor(spec: RunSpec) {
    this.stream = new Stream(streamAddress(location), {
      events: (run, events) => run === this.run.id && this.run.receive(events),
      frame: (buffer) => this.frames.receive(buffer),
      status: (status) => {
        this.connection = status;
        if (status === 'open') this.run.held = null; // who subscribes is told whether it is
      },
      refused: (_code, message) => this.app.note({ kind: 'warn', title: say(message) }),
      reset: (run) => run === this.run.id && void this.attach(run),
      held: (run, reason) => run === this.run.id && (this.run.held = reason),
      hello: () => undefined,
    });
    this.frames = new Frames((frame) => this.stream.acknowledge(frame));
    this.run = new Run(this.api, this.stream, (event) => this.#reported(event));
    this.editor = new Editor(this.api, spec, () => this.#edited());
  }

  /** Carry out and say what went wrong. */
  async guard<T>(action: () => Promise<T>): Promise<T | null> {
    try {
      return await action();
    } catch (error) {
      this.app.failed(error);
      return null;
    }
  }

  #reported(event: AnyEvent): void {
    if (event.type === 'state') {
      if (event.state !== 'starting' && event.state !== 'paused') this.#playing = false;
      this.app.announce(t(`state.${event.state}`));
    }
    if (event.type === 'note') {
      this.app.announce(event.message);
      if (event.post_mortem) this.view.lab ??= 'postmortem';
    }
  }

  // --- the network ------------------------------------------------------------------------------

  #edited(): void {
    if (!this.run.exists || !this.edited) {
      void this.#sync();
      if (this.run.exists) return;
    }
    if (this.#newRun) clearTimeout(this.#newRun);
    this.#newRun = setTimeout(() => void this.#renew(), NEW_RUN_DELAY_MS);
  }

  /** An untrained network that was edited is shown with its new first weights at once. */
  async #renew(): Promise<void> {
    if (this.creating) {
      // Two at once would leave one behind that nobody sees.
      this.#newRun = setTimeout(() => void this.#renew(), NEW_RUN_DELAY_MS);
      return;
    }
    if (this.run.exists && (this.run.last > 0 || this.run.running || !this.edited)) return;
    if (this.editor.stale) await this.editor.check().catch(() => undefined);
    if (this.editor.ok && this.facts?.available) await this.guard(() => this.#create());
  }

  /** Bring the numbers of the run to those of the editor, one command after the other. */
  async #sync(): Promise<void> {
    const { id, spec, settings } = this.run;
    if (this.syncing || this.creating || !spec || !settings) return;
    this.syncing = true;
    try {
      let sent = withSettings(spec, settings);
      for (let round = 0; round < 20 && !this.edited; round++) {
        const wanted = this.editor.spec;
        const commands = liveCommands(sent, wanted, this.catalog.families);
        if (!commands.length) return;
        for (const command of commands) {
          if (this.creating || this.run.id !== id) return;
          await this.run.command(command);
        }
        sent = wanted; // edited once more meanwhile?
      }
    } catch (error) {
      this.app.failed(error);
    } finally {
      this.syncing = false;
    }
  }

  async openPreset(id: string): Promise<void> {
    const preset = this.catalog.presets.find((one) => one.id === id);
    if (preset) await this.open(preset.spec);
  }

  /** Another network: the run on the page goes on without us. */
  async open(spec: RunSpec): Promise<void> {
    this.view.open(null);
    this.view.hovered = null;
    await this.#drop();
    this.frames.clear();
    history.replaceState(null, '', location.pathname);
    await this.guard(async () => {
      await this.editor.open(spec);
      if (this.editor.ok) await this.#create();
    });
  }

  async attach(id: string): Promise<void> {
    const info = await this.guard(() => this.run.attach(id));
    if (info) {
      await this.guard(() => this.editor.open(withSettings(info.spec, info.settings)));
      this.frames.clear(info.id); // the first may have come while the network was opened
      this.#remember(info);
    }
  }

  /** Changes with the same key within a moment are one step of undo. */
  setDataset(dataset: PartValue, key = 'dataset'): void {
    this.editor.editTraining((training) => ({ ...training, dataset }), key);
  }

  /** Show the network a drawing; there must be a run to look at it. */
  draw(values: Float32Array): void {
    this.samples.draw(values);
    if (!this.run.exists && !this.creating) void this.guard(() => this.ensure());
  }

  // --- the run ----------------------------------------------------------------------------------

  #remember(info: RunInfo): void {
    history.replaceState(null, '', `${location.pathname}#run=${info.id}`);
  }

  async #drop(): Promise<void> {
    const { id, last } = this.run;
    if (!id) return;
    // Nobody asks it anything more; what was asked is answered before it goes away.
    this.run.leave();
    await this.run.settled();
    if (last === 0) await this.api.remove(id).catch(() => undefined);
    else await this.api.command(id, { type: 'pause' }).catch(() => undefined);
  }

  /** One after the other: a run that another overtook would stay behind. */
  async #create(): Promise<void> {
    while (this.#making) await this.#making.catch(() => undefined);
    this.#making = this.#replace();
    try {
      await this.#making;
    } finally {
      this.#making = null;
    }
  }

  async #replace(): Promise<void> {
    this.creating = true;
    try {
      await this.#drop();
      if (this.editor.stale) await this.editor.check(); // edited while the old run went away
      if (!this.editor.ok) return;
      this.#remember(await createFitting(this));
      this.frames.recorded = false;
    } finally {
      this.creating = false;
    }
    void this.#sync(); // numbers that were edited meanwhile
  }

  /** A run of the network as it is edited now; makes one where there is none. */
  async ensure(): Promise<boolean> {
    if (this.run.exists && !this.edited) return true;
    if (this.editor.stale) await this.editor.check();
    if (!this.editor.ok) {
      this.app.note({ kind: 'warn', title: t('run.broken'), topic: 'broken' });
      return false;
    }
    if (this.facts && !this.facts.available) {
      this.app.note({ kind: 'warn', title: t('data.missing') });
      return false;
    }
    if (this.#newRun) clearTimeout(this.#newRun);
    await this.#create();
    return this.run.exists || this.ensure();
  }

  /** Send a command to a run of the network as it is. */
  async command(command: Command): Promise<void> {
    await this.guard(async () => {
      if (await this.ensure()) await this.run.command(command);
    });
  }

  async play(): Promise<void> {
    const finished = this.run.state === 'finished' && !this.edited;
    const phase = this.phase;
    if (finished && phase) {
      const more = phase.epochs + (this.run.spec?.training.phases[0]?.epochs ?? phase.epochs);
      await this.command({ type: 'set_epochs', epochs: more });
      this.editor.spec = withPhase(this.editor.spec, () => ({ epochs: more }));
    }
    this.#playing = true;
    try {
      await this.command({ type: 'play' });
    } finally {
      this.#playing = false;
    }
  }

  async toggle(): Promise<void> {
    if (this.playing && !this.edited) await this.command({ type: 'pause' });
    else await this.play();
  }

  /** Pause the run on the page though the network was edited since. */
  async pauseOld(): Promise<void> {
    await this.guard(() => this.run.command({ type: 'pause' }));
  }

  /** Back to an earlier step of this branch; nothing where there is no run yet. */
  async seek(step: number): Promise<void> {
    if (this.run.exists && step !== this.run.step) {
      await this.guard(() => this.run.command({ type: 'rewind', step: Math.max(0, step) }));
    }
  }
}
