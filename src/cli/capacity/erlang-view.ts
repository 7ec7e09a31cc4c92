import type pc from 'picocolors';
import { columns, plural } from '../host/words.ts';
import { blocking, callsPerHour, erlangsOf, loadFor, seatsFor } from './erlang.ts';

/** What the tables are made for. */
export interface ErlangQuestion {
  readonly seatsPerHost: number;
  readonly hosts: readonly number[];
  /** The shares of starts that may be refused, between 0 and 1. */
  readonly goals: readonly number[];
  readonly meanCallS: number;
  /** The load to answer for; the tables alone when absent. */
  readonly callsAnHour: number | undefined;
}

/** One size of fleet, with the load it carries for each goal. */
interface FleetRow {
  readonly hosts: number;
  readonly seats: number;
  readonly loads: readonly {
    readonly goal: number;
    readonly erlangs: number;
    readonly calls_per_hour: number;
  }[];
  /** The share of the asked load that is refused; null when no load was asked for. */
  readonly blocking: number | null;
}

export interface ErlangAnswer {
  readonly seats_per_host: number;
  readonly mean_call_s: number;
  readonly fleets: readonly FleetRow[];
  readonly load: {
    readonly calls_per_hour: number;
    readonly erlangs: number;
    /** Null where no fleet is large enough. */
    readonly seats: readonly {
      readonly goal: number;
      readonly seats: number | null;
      readonly hosts: number | null;
    }[];
  } | null;
}

export function erlangAnswer({
  seatsPerHost,
  hosts,
  goals,
  meanCallS,
  callsAnHour,
}: ErlangQuestion): ErlangAnswer {
  const offered = callsAnHour === undefined ? undefined : erlangsOf(callsAnHour, meanCallS);
  return {
    seats_per_host: seatsPerHost,
    mean_call_s: meanCallS,
    fleets: hosts.map((count) => {
      const seats = count * seatsPerHost;
      const loads = goals.map((goal) => {
        const erlangs = loadFor(seats, goal);
        return { goal, erlangs, calls_per_hour: callsPerHour(erlangs, meanCallS) };
      });
      return {
        hosts: count,
        seats,
        loads,
        blocking: offered === undefined ? null : blocking(seats, offered),
      };
    }),
    load:
      callsAnHour === undefined || offered === undefined
        ? null
        : {
            calls_per_hour: callsAnHour,
            erlangs: offered,
            seats: goals.map((goal) => {
              const seats = seatsFor(offered, goal) ?? null;
              return { goal, seats, hosts: seats === null ? null : Math.ceil(seats / seatsPerHost) };
            }),
          },
  };
}

/** The tables for reading. */
export function erlangText(answer: ErlangAnswer, colour: Pick<typeof pc, 'bold' | 'dim'>): string {
  const { fleets, load, seats_per_host: seats, mean_call_s: meanS } = answer;
  const goals = fleets[0]?.loads.map(({ goal }) => goal) ?? [];
  const [head = '', ...rows] = columns([
    [
      'hosts',
      'seats',
      ...goals.map((goal) => `${percent(goal)} refused`),
      ...(load ? ['of your load refused'] : []),
      '',
    ],
    ...fleets.map((fleet) => [
      String(fleet.hosts),
      String(fleet.seats),
      ...fleet.loads.map((one) => `${Math.floor(one.calls_per_hour)} calls/h (${one.erlangs.toFixed(1)} E)`),
      ...(fleet.blocking === null ? [] : [percent(fleet.blocking)]),
      '',
    ]),
  ]);
  const lines = [
    colour.bold(`The calls an hour that a fleet carries, ${plural(seats, 'seat')} a host, ${meanS} s a call`),
    colour.dim(head),
    ...rows,
  ];
  if (load) {
    lines.push(
      '',
      colour.bold(`${load.calls_per_hour} calls an hour are ${load.erlangs.toFixed(1)} erlangs. They need`),
    );
    for (const { goal, seats: needed, hosts } of load.seats)
      lines.push(
        needed === null || hosts === null
          ? `  more seats than any fleet has, for ${percent(goal)} refused`
          : `  ${plural(needed, 'seat')} (${plural(hosts, 'host')}) for ${percent(goal)} refused`,
      );
  }
  lines.push(
    '',
    colour.dim('Erlang B: starts at random, refused ones do not come again. Who calls again adds load.'),
    '',
  );
  return lines.join('\n');
}

function percent(share: number): string {
  const value = share * 100;
  if (value > 0 && value < 0.001) return '< 0.001 %';
  return `${Number(value.toPrecision(value < 10 ? 2 : 3))} %`;
}
