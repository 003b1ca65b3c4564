// What a run that rests said last: a page that comes later is told, too.
import { ofRun, type Api } from '../protocol/rest';
import type { Note, RunInfo } from '../protocol/types';

/** Events behind a note at the step where a run stopped: its state, a snapshot, a few more. */
const RECENT = 12;

/** The notes of the step at which the run stands. */
export async function notesHere(api: Api, info: RunInfo): Promise<Note[]> {
  if (info.state === 'running' || info.step === 0) return [];
  const after = Math.max(0, info.last_seq - RECENT);
  const params = { ...ofRun(info.id), query: { after } };
  const { events } = await api.http.GET('/api/v1/runs/{run}/events', { params });
  return events.flatMap(({ event }) =>
    event.type === 'note' && event.branch === info.branch && event.step === info.step
      ? [event]
      : [],
  );
}
