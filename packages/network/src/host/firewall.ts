/** Looks after our rules in other firewalls' chains, and after our own table, when somebody reloads the rule set. */
import { fail, type Clock, type Emit, type Kernel } from '@orc/model';
import { LIMITS } from '../limits.ts';
import {
  acceptRules,
  at,
  baseChains,
  closingRule,
  deleteRules,
  describe,
  hasTable,
  ownRules,
  ruleComment,
  placeOf,
  type Barrier,
} from '../plan/firewall.ts';
import { runProgram } from './program.ts';
import type { Rules } from './rules.ts';
import { openRuleSetWatch } from './ruleset.ts';

export type Firewall = {
  /** Under `noHostFirewall` throws `network.failed`, with what to type; otherwise it is looked after from here on. */
  readonly open: () => Promise<void>;
  /** Looks at it without being told of a change. */
  readonly check: () => void;
  readonly info: () => readonly string[];
  readonly close: () => Promise<void>;
  readonly remove: () => Promise<void>;
};
export type FirewallOptions = {
  readonly instance: string;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly rules: Rules;
  readonly noHostFirewall: boolean;
  readonly dnsPort: () => number;
  readonly ruleWatch: Kernel['ruleWatch'];
};

export function openFirewall(options: FirewallOptions): Firewall {
  const { instance, clock, emit, rules } = options;
  let found: readonly { readonly barrier: Barrier; readonly place: Barrier }[] = [];
  let next: { readonly at: number; readonly cancel: () => void } | undefined;
  let closed = false;
  let checkedAt = Number.NEGATIVE_INFINITY;

  const check = async (): Promise<void> => {
    const chains = await list(['chains']);
    if (closed) return;
    if (!hasTable(chains, instance)) {
      emit('warn', 'the rules of containers were gone and are put back', { table: instance });
      rules.forget();
      await rules.apply();
    }
    found = await barriers(chains, instance);
    for (const { place } of found) await allow(options, place);
  };

  const soon = openTurns(check, (error) => {
    if (error !== undefined) emit('error', 'the firewall cannot be looked after', { error: String(error) });
    checkedAt = clock.monotonic();
  });

  const checkWithin = (ms: number): void => {
    const at = clock.monotonic() + ms;
    if (closed || (next !== undefined && next.at <= at)) return;
    next?.cancel();
    const cancel = clock.after(ms, () => {
      next = undefined;
      checkedAt = clock.monotonic();
      soon.call();
      checkWithin(LIMITS.firewallCheckMs);
    });
    next = { at, cancel };
  };

  /** A reload comes in many transactions: it is looked at once, soon, and again if it went on. */
  const changed = (): void =>
    checkWithin(Math.max(LIMITS.firewallSettleMs, checkedAt + LIMITS.firewallPauseMs - clock.monotonic()));
  const watch = openRuleSetWatch({ instance, program: options.ruleWatch, clock, emit, changed });
  let cancelOpen = (): void => {};

  return {
    open: async () => {
      if (options.noHostFirewall) await check();
      cancelOpen = clock.after(LIMITS.firewallOpenMs, () => {
        watch.open();
        changed();
      });
    },
    check: soon.call,
    info: () => found.map(({ barrier, place }) => describe(barrier, place)),
    close: async () => {
      closed = true;
      cancelOpen();
      next?.cancel();
      watch.close();
      await soon.settled();
    },
    remove: () => removeRules(instance),
  };
}

/** One check at a time and at most one that waits: slow ones do not pile up. `close` waits for the last. */
function openTurns(
  check: () => Promise<void>,
  done: (error: unknown) => void,
): { readonly call: () => void; readonly settled: () => Promise<void> } {
  let waiting = false;
  let running: Promise<void> = Promise.resolve();
  const run = (): Promise<void> => {
    waiting = false;
    return check();
  };
  return {
    call: () => {
      if (waiting) return;
      waiting = true;
      running = running.then(run).then(() => done(undefined), done);
    },
    settled: () => running,
  };
}

async function allow(options: FirewallOptions, place: Barrier): Promise<void> {
  const { instance, emit } = options;
  const wanted = acceptRules(instance, place, options.dnsPort());
  const found = ownRules(await list(['chain', ...at(place).split(' ')]), instance);
  const comment = ruleComment(instance, place, options.dnsPort());
  if (found.length === wanted.length && found.every((each) => each.comment === comment)) return;
  if (options.noHostFirewall) throw refused(place, wanted);
  const ran = await command([...deleteRules(place, found), ...wanted]);
  if (ran.code === 0) emit('info', 'let containers through another firewall', { chain: at(place) });
  else emit('error', 'containers are stopped by another firewall', { chain: at(place), reason: ran.stderr });
}

async function removeRules(instance: string): Promise<void> {
  for (const { place } of await barriers(await list(['chains']), instance)) {
    const own = ownRules(await list(['chain', ...at(place).split(' ')]), instance);
    if (own.length > 0) await command(deleteRules(place, own));
  }
}

async function barriers(chains: string, own: string): Promise<{ barrier: Barrier; place: Barrier }[]> {
  const out: { barrier: Barrier; place: Barrier }[] = [];
  for (const base of baseChains(chains, own)) {
    const why = base.why === '' ? closingRule(await list(['chain', ...at(base).split(' ')])) : base.why;
    if (why !== '') out.push({ barrier: { ...base, why }, place: placeOf(base, chains) });
  }
  return out;
}

async function list(what: readonly string[]): Promise<string> {
  const ran = await nft(['-j', '-a', 'list', ...what]);
  return ran.code === 0 ? ran.stdout : '{"nftables":[]}';
}

const command = (lines: readonly string[]): ReturnType<typeof runProgram> =>
  nft(['-f', '-'], `${lines.join('\n')}\n`);
const nft = (args: readonly string[], input?: string): ReturnType<typeof runProgram> =>
  runProgram(['nft', ...args], {
    package: 'nftables',
    timeoutMs: LIMITS.nftTimeoutMs,
    ...(input === undefined ? {} : { input }),
  });

const refused = (place: Barrier, wanted: readonly string[]): Error =>
  fail('network.failed', `the firewall chain ${at(place)} stops containers, and no rule may be added to it`, {
    hint: wanted.map((each) => `nft '${each}'`).join('; '),
  });
