/** The life of one container: what is desired and what is seen, one step after the other, never two at once. */
import {
  assert,
  type Container,
  type ContainerId,
  defined,
  type Endpoint,
  type Exit,
  type Health,
  type Problem,
  type ResolvedImage,
  type TaskDesired,
  type TaskStatus,
} from '@orc/model';
import {
  type Attachment,
  type AttachOptions,
  type Running,
  signalNumber,
  type TerminalSize,
} from '@orc/runtime';
import { LIMITS } from '../limits.ts';
import { nextStep, type Observed, type Step } from '../plan/step.ts';
import { type Asking, end, graceOf, type StopRequest, stopSignalOf } from './asking.ts';
import type { Joinable } from './attachment.ts';
import type { LifeDeps } from './deps.ts';
import { openEarly } from './early.ts';
import { type Failures, openFailures } from './failures.ts';
import { isTask, openStateFile, type State, type StateFile, type Stored } from './folder.ts';
import type { HealthWatch } from './health.ts';
import type { Found } from './recover.ts';
import { openRestarts, type Restarts } from './restarts.ts';
import { hasEnded } from './sharing.ts';
import { anonymousVolumes, logPathOf, release, startAttempt, type Started } from './start.ts';
import { startWatch } from './stopwatch.ts';
import { containerOf, taskStatusOf, type View } from './view.ts';
import { openWaits } from './waits.ts';
import { watchLife } from './watch.ts';

export class Life {
  readonly stored: Stored;
  readonly folder: string;
  readonly #file: StateFile;
  /** Without its failure, which is added where it is written. */
  #state: State;
  #image: ResolvedImage | undefined;
  #running: Running | undefined;
  #ended: Promise<void> = Promise.resolve();
  #exit: Exit | undefined;
  /** The end that the state file knows of. */
  #kept: Exit | undefined;
  #health: Health = 'none';
  #healthWatch: HealthWatch | undefined;
  readonly #restarts: Restarts;
  readonly #failures: Failures;
  #joinable: Joinable;
  readonly #early = openEarly();
  #terminal: TerminalSize | undefined;
  /** Ports and addresses of the last attempt were not given back yet. */
  #holding = false;
  #stopRequest: StopRequest = {};
  #stopKept = false;
  #preparing = false;
  /** The attempt that somebody ended by a signal. */
  #endedByHand = 0;
  /** It was stopped to be started again. */
  #restarting = false;
  #outOfReach: Problem | undefined;
  /** What the last report said. */
  #told: TaskStatus['phase'] | undefined;
  #removed = false;
  #waitsForHolder = false;
  #busy = false;
  #again = false;
  #held = false;
  #cancelTimer: (() => void) | undefined;
  readonly #hurry = { call: (): void => {} };
  readonly #waits = openWaits();
  readonly #deps: LifeDeps;
  readonly #works = {
    prepare: (): Promise<void> => this.#prepare(),
    // What the attempt before had is given back first.
    start: (): Promise<void> => this.#ended.then(() => this.#start()),
    stop: (): Promise<void> => this.#stop(),
    remove: (): Promise<void> => this.#remove(),
  };

  constructor(stored: Stored, folder: string, state: State, deps: LifeDeps) {
    this.stored = stored;
    this.folder = folder;
    this.#file = openStateFile(folder);
    const { failure, ...rest } = state;
    this.#state = rest;
    this.#failures = openFailures(stored.name, failure, deps);
    this.#exit = state.exit;
    this.#stopKept = state.desired.state === 'stop';
    this.#restarts = openRestarts(deps.clock);
    this.#deps = deps;
  }

  get id(): ContainerId {
    return this.stored.id;
  }
  get running(): Running | undefined {
    return this.#running;
  }
  get removed(): boolean {
    return this.#removed;
  }
  get problem(): Problem | undefined {
    return this.#outOfReach ?? this.#failures.last?.problem;
  }
  get outOfReach(): Problem | undefined {
    return this.#outOfReach;
  }
  /** Why the stop or removal that was asked for last has not come about; it is tried again. */
  get stuck(): Problem | undefined {
    return this.#outOfReach ?? this.#failures.stuck;
  }
  get joinable(): Joinable {
    return this.#running === undefined ? undefined : this.#joinable;
  }
  /** It is to run, and begins by itself: for the first time, after its stop, or as its policy has it. */
  get coming(): boolean {
    if (this.#removed || this.#outOfReach !== undefined || this.#state.desired.state !== 'run') return false;
    return this.#restarts.dueAt !== undefined || (this.#isAsked() && this.#failures.last === undefined);
  }
  get waitsForHolder(): boolean {
    return this.#waitsForHolder;
  }
  /** No step is under way. */
  get idle(): boolean {
    return !this.#busy;
  }
  get state(): State {
    return this.#state;
  }
  get image(): ResolvedImage | undefined {
    return this.#image;
  }

  /** Takes effect from the next step on; a kill cuts a grace period short. Nothing revokes a removal. */
  desire(desired: TaskDesired, stop: StopRequest = {}): void {
    const before = this.#state.desired;
    if (before.state === 'remove' && desired.state !== 'remove') return;
    this.#state = { ...this.#state, desired };
    this.#stopRequest = stop;
    this.#failures.asked(desired.generation > before.generation);
    if (desired.state !== 'run') {
      this.#restarts.cancel();
      this.#restarting = false;
    }
    if (desired.state !== 'stop') this.#stopKept = false;
    if (this.#graceMs() <= 0) this.#hurry.call();
    this.wake();
  }

  /** The addresses that the state gave to a task; what was found again may have been made without. */
  address(endpoints: readonly Endpoint[]): void {
    if (this.#running === undefined && !this.#busy) this.#state = { ...this.#state, endpoints };
  }

  /** What was running when the daemon ended runs on; what ended meanwhile is settled; a start that was cut is begun anew. */
  adopt(found: Found, image: ResolvedImage | undefined): void {
    this.#image = image;
    this.#restarts.countFrom(this.#state.restarts);
    if ('running' in found) {
      this.#state = { ...this.#state, attempt: found.running.attempt, startedAt: found.running.startedAt };
      this.#health = found.health;
      this.#attend(found.running, found.health);
      return;
    }
    this.#holding = true;
    // Nobody holds them any more: another attempt publishes anew.
    this.#state = { ...this.#state, ports: [] };
    if ('cut' in found) {
      const { startedAt: _, ...before } = this.#state;
      this.#state = { ...before, ...defined({ startedAt: found.startedAt }), attempt: found.cut - 1 };
      this.#exit = found.before;
      if (this.#state.desired.state === 'run') this.#restarts.dueNow();
      return;
    }
    this.#state = { ...this.#state, attempt: found.attempt, ...defined({ startedAt: found.startedAt }) };
    this.#settle(found.exit, found.told);
  }

  /** Made before the daemon ended, never started. */
  prepared(image: ResolvedImage): void {
    this.#image = image;
  }

  rejoin(joinable: Joinable): void {
    this.#joinable = joinable;
  }

  /** Of its terminal, from now on; before it runs: from the start of its program on. */
  async resize(columns: number, rows: number): Promise<void> {
    this.#terminal = { columns, rows };
    await this.#resizeRunning();
  }

  async #resizeRunning(): Promise<void> {
    // It may end at any time: then its size matters to nobody.
    if (this.#terminal !== undefined)
      await this.#running?.resize(this.#terminal.columns, this.#terminal.rows).catch(() => {});
  }

  /** Before the program starts, so that nothing of its output is missed. */
  attachEarly(options: AttachOptions): Attachment {
    return this.#early.add(options);
  }

  /** SIGKILL and its stop signal end it by hand: its restart policy does not bring it back. */
  async signal(name: string): Promise<void> {
    const running = this.#running;
    const ending = ['SIGKILL', stopSignalOf(this.stored.spec, this.#image)].map(signalNumber);
    if (ending.includes(signalNumber(name))) this.#endedByHand = this.#state.attempt;
    await running?.signal(name);
  }

  /** A task that was found again takes no step before its assignment: what it needs beside it is not there yet. */
  hold(): void {
    this.#held = true;
  }
  unhold(): void {
    this.#held = false;
    this.wake();
  }

  /** Its shim does not answer: it may well run, so nothing is done with it, and nothing told, until it is found. */
  lose(problem: Problem): void {
    this.#outOfReach = problem;
    this.#changed();
  }
  find(): void {
    this.#outOfReach = undefined;
    this.wake();
  }

  wake(): void {
    if (this.#removed || this.#held || this.#outOfReach !== undefined) return;
    if (this.#busy) this.#again = true;
    else void this.#loop();
  }

  /** Resolves when `test` holds; it is asked after each change. */
  until(test: () => boolean, signal?: AbortSignal): Promise<void> {
    return this.#waits.until(test, signal);
  }

  async #loop(): Promise<void> {
    this.#busy = true;
    this.#cancelTimer?.();
    do {
      this.#again = false;
      this.#finish();
      if (this.#state.desired.state === 'stop' && !this.#stopKept) await this.#keepStopped();
      const step = nextStep(this.#observed(), this.#state.desired, this.#deps.clock.monotonic());
      if (step.do === 'wait') {
        if (step.until !== undefined && !this.#again) this.#armTimer(step.until);
        continue;
      }
      await this.#perform(step);
      this.#again = !this.#removed;
    } while (this.#again);
    this.#busy = false;
    this.#keepEndSoon();
    // Wishes alone can change what it is: a stop ends a back-off without a step.
    if (this.taskStatus().phase === this.#told) this.#waits.changed();
    else this.#changed();
  }

  /** The explicit stop of a container without a task outlives the daemon. */
  async #keepStopped(): Promise<void> {
    this.#stopKept = true;
    if (this.stored.owner !== undefined) return;
    await this.#keep('a stop', this.#state, 'durable');
  }

  #armTimer(until: number): void {
    this.#cancelTimer = this.#deps.clock.after(Math.max(0, until - this.#deps.clock.monotonic()), () =>
      this.wake(),
    );
  }

  #observed(): Observed {
    const holders = this.#deps.holders(this);
    // Who joins each other in a ring does not wait: the start says what is wrong.
    this.#waitsForHolder = holders.some((each) => each.coming && !this.#deps.holders(each).includes(this));
    return {
      holderComes: this.#waitsForHolder,
      prepared: this.#image !== undefined,
      running: this.#running !== undefined,
      actedGeneration: this.#state.actedGeneration,
      ...defined({ restartAt: this.#restarts.dueAt }),
      ...this.#failures.observed,
    };
  }

  async #perform(step: Exclude<Step, { do: 'wait' }>): Promise<void> {
    const work = this.#works[step.do];
    const generation = this.#state.desired.generation;
    const holders = (): (Running | undefined)[] => this.#deps.holders(this).map(({ running }) => running);
    const before = step.do === 'start' ? holders() : [];
    try {
      await work();
      this.#failures.succeeded();
    } catch (error) {
      // Whom it joins has gone meanwhile: what comes next depends on what becomes of that one.
      if (before.length === 0 || !(await hasEnded(before, holders, this.#deps.clock))) {
        this.#failures.failed(step.do, generation, error);
        this.#restarts.cancel();
        if (step.do === 'start') await this.#unstarted(generation);
      }
    }
    this.#preparing = false;
    this.#changed();
  }

  /** The attempt never was: another daemon neither takes it for lost nor begins it again. */
  async #unstarted(generation: number): Promise<void> {
    this.#holding = true;
    this.#restarting = false;
    await this.#keep('a failed start', { ...this.#state, actedGeneration: generation });
  }

  async #prepare(): Promise<void> {
    this.#preparing = true;
    this.#changed();
    const image = await this.#deps.images.resolve(this.stored.spec.imageId ?? this.stored.spec.image);
    this.#image = image ?? (await this.#deps.images.pull(this.stored.spec.image, {}));
    await this.#deps.images.lease(this.id, this.#image.id);
    // Also those that it has not made yet: who removes it with its volumes means what it is to take over too.
    const volumes = anonymousVolumes(this.stored, this.#image.config, this.#state);
    this.#state = { ...this.#state, imageId: this.#image.id, volumes };
    await this.#file.write(this.#state);
    this.#deps.failpoint('agent.prepare.written');
  }

  async #start(): Promise<void> {
    assert(this.#image !== undefined, 'a container is prepared before it starts');
    const asked = this.#state.desired.generation > this.#state.actedGeneration;
    if (asked) this.#restarts.countFrom(0);
    this.#preparing = true;
    this.#changed();
    const { exit, startedAt: _, ...before } = this.#state;
    const next: State = {
      ...before,
      ...defined({ before: exit ?? before.before }),
      attempt: this.#state.attempt + 1,
      restarts: asked ? 0 : this.#state.restarts,
      actedGeneration: this.#state.desired.generation,
      health: 'none',
    };
    const image = this.#image;
    const early = this.#early.take();
    const terminal = this.#terminal;
    const more = defined({ attach: early.options, terminal });
    try {
      const launch = (): Promise<Started> =>
        startAttempt(this.stored, this.folder, this.#file, next, image, this.#deps, more);
      const started = await this.#deps.starts(launch);
      early.give(started.running);
      this.#failures.forget();
      this.#exit = undefined;
      this.#begin(started);
      if (this.#terminal !== terminal) await this.#resizeRunning();
    } finally {
      early.give(undefined);
    }
  }

  #begin(started: Started): void {
    // What was desired meanwhile is newer than what the attempt was started with.
    this.#state = { ...started.state, desired: this.#state.desired };
    this.#restarts.cancel();
    this.#stopKept = false;
    this.#joinable = started.joinable;
    this.#health = 'none';
    this.#attend(started.running, 'starting');
    this.#deps.event(this.stored, 'start', {});
    if (this.#restarting) this.#deps.event(this.stored, 'restart', {});
    this.#restarting = false;
  }

  #attend(running: Running, health: Health): void {
    this.#running = running;
    this.#holding = true;
    this.#ended = running.exited.then((exit) => this.#settle(exit));
    this.#healthWatch = watchLife(this, running, health, this.#deps, (changed) =>
      this.#healthChanged(changed),
    );
    if (this.#healthWatch !== undefined && this.#health === 'none') this.#health = 'starting';
    this.#changed();
  }

  #healthChanged(health: Health): void {
    this.#health = health;
    this.#state = { ...this.#state, health };
    void this.#keep('a change of health');
    this.#deps.event(this.stored, 'health_status', { health });
    this.#changed();
  }

  /** An attempt has ended: whatever began with it ends here. */
  #settle(exit: Exit, told = false): void {
    const ranMs = exit.at - (this.#state.startedAt ?? exit.at);
    this.#running = undefined;
    this.#healthWatch?.stop();
    this.#healthWatch = undefined;
    this.#exit = exit;
    if (told) this.#kept = exit;
    else this.#tell(exit);
    this.#decide(exit, ranMs);
    this.#state = {
      ...this.#state,
      exit,
      restarts: this.#state.restarts + (this.#restarts.dueAt === undefined ? 0 : 1),
    };
    this.#finish();
    this.#changed();
    this.wake();
  }

  #tell(exit: Exit): void {
    if (exit.oomKilled) this.#deps.event(this.stored, 'oom', {});
    this.#deps.event(this.stored, 'die', defined({ exitCode: String(exit.code), signal: exit.signal }));
  }

  /** That an end was settled outlives the daemon: it is told once. Off the exit path, and not of what goes anyway. */
  #keepEndSoon(): void {
    const { exit } = this.#state;
    if (this.#removed || this.#running !== undefined || exit === undefined || exit === this.#kept) return;
    this.#deps.clock.after(LIMITS.keepEndMs, () => {
      if (!this.#removed && !this.#busy && this.#state.exit === exit) void this.keepEnd();
    });
  }

  /** Another daemon knows of it then. */
  async keepEnd(): Promise<void> {
    const { exit } = this.#state;
    if (exit === undefined || exit === this.#kept) return;
    this.#kept = exit;
    await this.#keep('an end');
  }

  async #keep(what: string, state: State = this.#state, durability?: 'durable'): Promise<void> {
    await this.#file
      .write({ ...state, ...defined({ failure: this.#failures.last }) }, durability)
      .catch((error: unknown) => {
        this.#deps.emit('warn', `${what} was not written down`, { error: String(error) });
      });
  }

  #decide(exit: Exit, ranMs: number): void {
    if (this.#endedByHand === this.#state.attempt) return this.#stayDown();
    const { desired, actedGeneration } = this.#state;
    if (desired.state !== 'run' || desired.generation > actedGeneration) return;
    // A task waits to be assigned again, in the order of its dependencies.
    if (exit.reason === 'reboot' && this.stored.owner !== undefined) return;
    this.#restarts.decide(this.stored.spec.restart, exit, ranMs);
  }

  #stayDown(): void {
    const { desired } = this.#state;
    if (this.stored.owner !== undefined || desired.state !== 'run' || this.#isAsked()) return;
    this.#state = { ...this.#state, desired: { ...desired, state: 'stop' } };
  }

  /** Once no attempt follows by itself ports and addresses go back, and `--rm` takes effect. */
  #finish(): void {
    const follows =
      this.#restarts.dueAt !== undefined || (this.#isAsked() && this.#failures.last === undefined);
    if (!this.#holding || this.#running !== undefined || follows) return;
    const shared = this.#deps.isShared(this);
    if (shared && this.stored.spec.autoRemove !== true) return;
    this.#holding = false;
    this.#state = {
      ...this.#state,
      ports: [],
      ...(isTask(this.stored) ? {} : { endpoints: [] }),
    };
    this.#ended = release(this.id, this.#deps, shared).catch((error: unknown) =>
      this.#deps.emit('warn', 'release failed', { error: String(error) }),
    );
    if (this.stored.spec.autoRemove === true && this.#state.desired.state !== 'remove') {
      this.#state = {
        ...this.#state,
        desired: { ...this.#state.desired, state: 'remove', removeVolumes: true },
      };
    }
  }

  #isAsked(): boolean {
    const { desired, actedGeneration } = this.#state;
    return desired.state === 'run' && desired.generation > actedGeneration;
  }

  async #stop(): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#hurry.call = resolve;
    await end(running, this.#asking(promise), this.#deps);
    await this.#ended;
    // As docker tells it: what was killed was not stopped.
    if (this.#state.desired.kill === undefined) this.#deps.event(this.stored, 'stop', {});
    this.#restarting = this.#isAsked();
  }

  /** Looked at anew whenever it counts: a kill may come at any time. */
  #graceMs(): number {
    return graceOf(this.#state.desired, this.#stopRequest, this.stored.spec);
  }

  #asking(hurry: Promise<void>): Asking {
    return {
      name: this.stored.name,
      hurry,
      graceMs: this.#graceMs(),
      signal: this.#stopRequest.signal ?? stopSignalOf(this.stored.spec, this.#image),
      withdraw: () => this.#deps.network.withdraw(this.id),
      asked: (signal) => this.#deps.event(this.stored, 'kill', { signal }),
    };
  }

  async #remove(): Promise<void> {
    const watch = startWatch(this.#deps.clock);
    await this.#ended;
    await release(this.id, this.#deps, this.#deps.isShared(this));
    watch.lap('network');
    if (this.#state.desired.removeVolumes === true) {
      for (const volume of Object.values(this.#state.volumes)) await this.#deps.removeVolume(this, volume);
    }
    watch.lap('volumes');
    await this.#deps.trash.take(this.id, this.folder);
    watch.lap('folder');
    this.#deps.emit('debug', 'removed', { container: this.stored.name, ...watch.laps() });
    this.#removed = true;
    this.#early.take().give(undefined);
    this.#deps.event(this.stored, 'destroy', {});
  }

  #changed(): void {
    this.#told = this.taskStatus().phase;
    this.#waits.changed();
    this.#deps.changed(this);
  }

  #view(): View {
    return {
      stored: this.stored,
      state: this.#state,
      health: this.#health,
      healthLog: this.#healthWatch?.log(),
      pid: this.#running?.pid,
      exit: this.#exit,
      failure: this.#failures.last,
      outOfReach: this.#outOfReach,
      prepared: this.#image !== undefined,
      preparing: this.#preparing,
      restartAt: this.#restarts.toldAt,
      removed: this.#removed,
      volumePath: this.#deps.volumes.pathOf,
      logPath: logPathOf(this.stored, this.folder, this.#deps.root),
    };
  }

  taskStatus(): TaskStatus {
    return taskStatusOf(this.#view());
  }

  record(): Container {
    return containerOf(this.#view());
  }
}
