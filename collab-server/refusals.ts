// Why a connection ends that asked for what is not its own; room-socket.ts has the close codes.

/** An update under a client id that is somebody else's. */
export class NotYours extends Error {
  override readonly name = 'NotYours';
}

/** Changes that follow on some of somebody else's that we do not have, and that do not come. */
export class Stranded extends Error {
  override readonly name = 'Stranded';
}

/** More than one person may use. */
export class TooMuch extends Error {
  override readonly name = 'TooMuch';
}

/** A page that writes for another person than the one whose session the socket has. */
export class NotThisPerson extends Error {
  override readonly name = 'NotThisPerson';
}
