import type { Agent } from '../agent/agent.ts';
import { ModelUnusable } from '../brains/llm/load.ts';
import { expectationsOf, openBrain, prepareBrains } from '../brains/open.ts';
import { Admission } from '../call/admission.ts';
import { type CallDeps, openCall } from '../call/call.ts';
import { continueCall } from '../call/continue.ts';
import { openLiveKit } from '../carriers/livekit/carrier.ts';
import { pcm } from '../carriers/pcm/media.ts';
import { twilio } from '../carriers/twilio/media.ts';
import { proveWritable } from '../journal/prove.ts';
import { realChance } from '../kit/ids.ts';
import { within } from '../kit/within.ts';
import type { Engines } from '../ports/engines.ts';
import { openEngines } from '../speech/engines.ts';
import { agentFor, type EngineNeeds, hashesOf, mustBeOpen, needsOf, unique, usableAgents } from './agents.ts';
import { type ServiceContext, type Services, Unusable } from './services.ts';
import { type TurnKind, waitForTurn } from './turn.ts';
import { proveByCall, warmUpAgent } from './warm-up.ts';

/**
 * Loads the agents, opens and warms the engines they need, and runs one call through them: what comes out can carry
 * calls, because it has.
 */
export async function openServices(context: ServiceContext): Promise<Services> {
  const { settings, clock, log } = context;
  const stage = limited(context);
  await stage('data', () => proveWritable(settings.dataDir));
  const usable = await stage('agents', () => usableAgents(settings));
  const agents = [...usable.agents.values()];
  await stage('models', () => prepareModels(agents, context));
  const probes = probesFor(agents);
  const needs = needsOf(agents);
  const turnFor = (kind: TurnKind) => (isLight(needs) ? undefined : waitForTurn(context, kind));
  let turn = await context.stage('turn', async () => turnFor('load'));
  let opening: Promise<Engines> | undefined;
  let engines: Engines | undefined;
  try {
    engines = await stage('engines', () => (opening = openEngines(needs, { clock, log })));
    const warm = engines;
    await stage('prepare', () => prepare(warm, [...agents, ...probes]));
    // The next worker loads when this one has a place to prove itself, so that neither piles up.
    const proving = await context.stage('place', async () => turnFor('prove'));
    await turn?.release();
    turn = proving;
    let deps: CallDeps = {
      clock,
      chance: realChance,
      log,
      settings,
      build: context.build,
      worker: context.worker,
      ...usable,
      engines: warm,
      openBrain,
      metrics: context.metrics,
    };
    // Not closed when the rest fails: the client cannot be opened a second time in a process.
    const livekit = await stage('livekit', () => openLiveKit(settings, clock));
    for (const probe of probes) await stage('call', () => proveByCall(deps, probe));
    await stage('reset', async () => warm.reset());
    await turn?.release();
    return {
      carriers: [twilio, pcm],
      degraded: null,
      livekit,
      agentFor: (called) => agentFor(deps, called),
      admit: (facts) => new Admission(deps, facts),
      continueCall: (callId, cause) => continueCall(deps, callId, cause),
      openCall: (line, admission) => openCall(deps, line, admission),
      agents: () => hashesOf(deps.agents),
      async reload() {
        const next = await usableAgents(settings);
        mustBeOpen(needs, [...next.agents.values()]);
        await prepareModels([...next.agents.values()], context);
        await prepare(warm, [...next.agents.values()]);
        deps = { ...deps, ...next };
      },
      reset: async () => warm.reset(),
      onBroken: (listener) => warm.onBroken?.(listener),
      async close() {
        await livekit?.close();
        await warm.close();
      },
    };
  } catch (error) {
    await turn?.release();
    if (engines) await engines.close();
    // It took them too long; they are closed when they open after all.
    else void opening?.then((late) => late.close()).catch(() => undefined);
    throw error;
  }
}

/** One agent of our own for each pair of engines that the user's agents name. */
function probesFor(agents: readonly Agent[]): Agent[] {
  const pairs = new Map(agents.map(({ stt, tts }) => [`${stt} ${tts}`, { stt, tts }]));
  return [...pairs.values()].map(({ stt, tts }) => warmUpAgent(stt, tts));
}

async function prepare(engines: Engines, agents: readonly Agent[]): Promise<void> {
  for (const stt of unique(agents.map((agent) => agent.stt))) {
    const expectations = agents.filter((agent) => agent.stt === stt).flatMap(expectationsOf);
    await engines.recogniser(stt).prepare(expectations);
  }
  for (const tts of unique(agents.map((agent) => agent.tts))) await engines.voice(tts).prepare([tts]);
}

/** @throws Unusable when a package or a key is missing: it stays so until somebody changes it */
async function prepareModels(agents: readonly Agent[], { settings }: ServiceContext): Promise<void> {
  const keys = () => ({
    openai: settings.openaiApiKeys,
    anthropic: settings.anthropicApiKeys,
    google: settings.googleApiKeys,
    groq: settings.groqApiKeys,
  });
  try {
    await prepareBrains(agents, keys);
  } catch (error) {
    if (error instanceof ModelUnusable) throw new Unusable(error.message, { cause: error });
    throw error;
  }
}

function isLight(needs: EngineNeeds): boolean {
  return [...needs.stt, ...needs.tts].every((name) => name === 'none');
}

/** Each stage has a limit of its own, so that one that hangs is told by its name and tried again. */
function limited({ stage, clock, settings }: ServiceContext): ServiceContext['stage'] {
  return (name, work) =>
    stage(name, () => within(clock, settings.warmUpS * 1000, `the stage "${name}"`, work()));
}
