// Takes that are about to be, by the take whose tail they grow from.
import type { Presence } from '#domain/protocol/room.ts';
import type { TakeId, UserId } from '#domain/story/ids.ts';
import { isPlaced, type Take } from '#domain/story/take.ts';

export interface Bud {
  readonly over: TakeId;
  readonly recording: boolean;
  readonly label: string;
}

/** One bud per tail: who records over it now, else whose take over it is being prepared. */
export function budsOf({
  takes,
  presence,
  nameOf,
}: {
  takes: readonly Take[];
  presence: readonly Presence[];
  nameOf: (id: UserId) => string;
}): Bud[] {
  const recording = Map.groupBy(presence, ({ recordingOver }) => recordingOver ?? null);
  const preparing = Map.groupBy(
    takes.filter((take) => take.state.status === 'processing' && !isPlaced(take)),
    ({ parentId }) => parentId,
  );
  const tails = new Set([...recording.keys(), ...preparing.keys()]);
  return [...tails].flatMap((over): Bud[] => {
    if (over === null) return [];
    const people = (recording.get(over) ?? []).map(({ user }) => user.name);
    const authors = (preparing.get(over) ?? []).map(({ authorId }) => nameOf(authorId));
    return people.length > 0
      ? [{ over, recording: true, label: `${listed(people)} recording` }]
      : [{ over, recording: false, label: `Preparing ${authors.join(', ')}’s take` }];
  });
}

function listed(names: readonly string[]): string {
  const [first = 'Somebody', ...others] = names;
  if (others.length === 0) return `${first} is`;
  return others.length === 1
    ? `${first} and ${others[0]} are`
    : `${first} and ${others.length} more are`;
}
