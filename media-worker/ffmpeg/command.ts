// ffmpeg's arguments, from a description. fluent-ffmpeg lays them out; it never runs anything.
import ffmpeg from 'fluent-ffmpeg';
import { graphText, padText, type Chain, type Pad } from './graph.ts';

/** Container formats that we let ffmpeg read, by the name its demuxer has. */
export type InputFormat = 'wav' | 'flac' | 'ogg' | 'mp3' | 'aac' | 'mov' | 'matroska' | 'aiff';

export interface InputFile {
  /** A bare name in the job's folder. */
  readonly name: string;
  readonly format: InputFormat;
  /** Where to start, in whole seconds: those are exact in samples. */
  readonly fromSeconds?: number;
  /** How much to read at most, in seconds. */
  readonly maxSeconds?: number;
}

export interface OutputFile {
  readonly name: string;
  /** The pad that it is written from. */
  readonly from: Pad;
  /** Encoder and muxer options, alternating name and value; a value may be people's text. */
  readonly options: readonly string[];
}

export interface FfmpegCommand {
  readonly inputs: readonly InputFile[];
  readonly graph: readonly Chain[];
  readonly outputs: readonly OutputFile[];
}

const bareName = /^[a-z0-9][a-z0-9-]*(\.[a-z0-9]+)?$/u;

/**
 * The argument array of a command, input guards included: only plain files are opened, and only
 * as the one format that the file was found to be.
 * @throws {RangeError} on a file name that is not a bare one
 */
export function ffmpegArguments({ inputs, graph, outputs }: FfmpegCommand): string[] {
  const command = ffmpeg();
  for (const input of inputs) {
    command.input(bare(input.name)).inputOptions(inputGuards(input));
  }
  if (graph.length > 0) command.complexFilter(graphText(graph));
  for (const output of outputs) {
    command
      .output(bare(output.name))
      // One by one: of an array it would split what has a space in it.
      .outputOptions('-map', padText(output.from), ...output.options, ...reproducible);
  }
  // Private by its name alone: the version is pinned, and a test holds its result.
  // oxlint-disable-next-line no-underscore-dangle
  return command._getArguments();
}

/** The same input gives the same bytes, and nothing of the upload's tags comes along. */
const reproducible = ['-map_metadata', '-1', '-fflags', '+bitexact', '-flags:a', '+bitexact'];

function inputGuards({ format, fromSeconds, maxSeconds }: InputFile): string[] {
  return [
    '-threads',
    '1',
    '-protocol_whitelist',
    'file',
    '-format_whitelist',
    format,
    '-f',
    format,
    ...(fromSeconds === undefined ? [] : ['-ss', String(Math.trunc(fromSeconds))]),
    ...(maxSeconds === undefined ? [] : ['-t', String(maxSeconds)]),
  ];
}

function bare(name: string): string {
  if (!bareName.test(name)) throw new RangeError(`ffmpegArguments: ${name} is not a bare name`);
  return name;
}
