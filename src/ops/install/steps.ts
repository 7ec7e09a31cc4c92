/** Who a file or folder belongs to: user and group by name. */
export type Owner = 'root:root' | 'root:cxbcore' | 'cxbcore:cxbcore' | 'root:adm';

/** Steps of one part belong together: what only a change makes necessary says of which part. */
export type Part = 'user' | 'build' | 'settings' | 'units' | 'nginx' | 'others';

/**
 * One step of an installation, as data: the dry run prints it, the run carries it out, and tests look at it. Every
 * step can be repeated: one whose outcome is there already changes nothing.
 */
export type Step = { readonly part: Part } & (
  | { readonly do: 'folder'; readonly path: string; readonly mode: number; readonly owner: Owner }
  | {
      readonly do: 'file';
      readonly path: string;
      readonly text: string;
      readonly mode: number;
      readonly owner: Owner;
      /** Belongs to the operator once it is there: never written over, only its permissions are seen to. */
      readonly keep?: true;
    }
  /** Whole trees, put together beside `to` and then renamed, so that `to` is never half there. */
  | {
      readonly do: 'copy';
      readonly to: string;
      readonly trees: readonly Tree[];
      readonly links: readonly { readonly name: string; readonly to: string }[];
    }
  /** Replaced in one step: whoever looks meanwhile sees the old or the new. */
  | { readonly do: 'link'; readonly path: string; readonly to: string }
  /** Once: nothing happens when `from` is not there, or is a link. */
  | { readonly do: 'move'; readonly from: string; readonly to: string }
  | { readonly do: 'remove'; readonly path: string; readonly why: string }
  | {
      readonly do: 'run';
      readonly argv: readonly string[];
      readonly why: string;
      /** Only when something of its part has changed. */
      readonly ifChanged?: true;
      /** When it fails, the files of its part are put back as they were, and the rest is not done. */
      readonly proves?: true;
    }
);

/** One folder or file of the source, and its place below the copy. */
export interface Tree {
  readonly from: string;
  /** `from` is a path of the host, which a staging folder stands for. */
  readonly onHost?: true;
  readonly at: string;
}

/** A step in words, as it is printed. */
export function stepWords(step: Step): string {
  switch (step.do) {
    case 'folder':
      return `folder ${step.path} (${octal(step.mode)} ${step.owner})`;
    case 'file':
      return `file ${step.path} (${octal(step.mode)} ${step.owner}${step.keep ? ', yours once it is there' : ''})`;
    case 'copy':
      return `build ${step.to}`;
    case 'link':
      return `link ${step.path} -> ${step.to}`;
    case 'move':
      return `move ${step.from} to ${step.to}`;
    case 'remove':
      return `remove ${step.path} (${step.why})`;
    case 'run':
      return `run ${step.argv.join(' ')} (${step.why})`;
  }
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}
