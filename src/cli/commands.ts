import { bench } from './bench.ts';
import { call } from './call.ts';
import { capacity } from './capacity.ts';
import type { Command } from './command.ts';
import { config } from './config.ts';
import { demo } from './demo.ts';
import { doctor } from './doctor.ts';
import { drain, undrain } from './drain.ts';
import { ingress } from './ingress.ts';
import { install } from './install.ts';
import { reload } from './reload.ts';
import { restart } from './restart.ts';
import { status } from './status.ts';
import { token } from './token.ts';
import { top } from './top.ts';
import { uninstall } from './uninstall.ts';
import { up } from './up.ts';
import { upgrade } from './upgrade.ts';
import { why } from './why.ts';

/** Every command, in the order `cxbcore --help` lists them. Heavy imports belong inside a command's `run`. */
export const COMMANDS: readonly Command[] = [
  demo,
  up,
  call,
  token,
  status,
  top,
  drain,
  undrain,
  reload,
  restart,
  why,
  doctor,
  capacity,
  config,
  ingress,
  bench,
  install,
  upgrade,
  uninstall,
];
