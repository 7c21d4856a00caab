// The process that makes the load, so that making it is not measured.
import { answerParent } from '../support/channel.ts';
import { bePresent } from './be-present.ts';
import { edit } from './edit.ts';
import { fill, hold, news, release } from './held.ts';
import { open } from './open.ts';
import { heapOf } from './shapes.ts';
import { type } from './type.ts';

answerParent(null, { type, edit, open, hold, news, release, fill, bePresent, heapOf });
