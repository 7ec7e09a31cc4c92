import type { Reporter, TestModule } from 'vitest/node';

const SHOWN = 8;

/** Ends a run with what took long, what was skipped or flaky by name, and one plain line of counts. */
export default class ClosingReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string) => tests.filter((test) => test.result().state === state).length;
    const slow = modules
      .map((module) => ({ name: module.relativeModuleId, seconds: module.diagnostic().duration / 1000 }))
      .filter(({ seconds }) => seconds >= 2)
      .sort((a, b) => b.seconds - a.seconds)
      .slice(0, SHOWN);
    const lines = slow.map(({ name, seconds }) => `  ${seconds.toFixed(1).padStart(6)} s  ${name}`);
    if (lines.length > 0) console.log(['', 'Took longest:', ...lines].join('\n'));
    const skipped = tests
      .filter((test) => test.result().state === 'skipped')
      .map((test) => `  ${test.fullName}`);
    if (skipped.length > 0) console.log(['', 'Skipped:', ...skipped].join('\n'));
    const flaky = tests.filter((test) => test.diagnostic()?.flaky).map((test) => `  ${test.fullName}`);
    if (flaky.length > 0)
      console.log(['', 'Flaky, to be mended (passed only when tried again):', ...flaky].join('\n'));
    const broken = modules.filter((module) => module.errors().length > 0).length;
    console.log(`\n${count('passed')} passed, ${count('failed') + broken} failed, ${skipped.length} skipped`);
  }
}
