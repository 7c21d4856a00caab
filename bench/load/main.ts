// The process that makes the load, so that making it is not measured.
import { answerParent } from '../support/channel.ts';
import { bePresent } from './be-present.ts';
import { edit } from './edit.ts';
import { fill, hold, news, release } from './held.ts';
import { open } from './open.ts';
import { heapOf } from './shapes.ts';
import { type } from './type.ts';
import { seen, watch } from './watch.ts';
import { write } from './write.ts';

answerParent(null, {
  type,
  watch,
  seen,
  write,
  edit,
  open,
  hold,
  news,
  release,
  fill,
  bePresent,
  heapOf,
});
