// The hand-written types have the names of the server's: the type checker compares them with those generated
// from the OpenAPI document, so that a new event, command or field does not compile until it is handled here.
import { describe, expectTypeOf, it } from 'vitest';
import type { components } from './api.generated';
import type * as labs from './labs';
import type * as own from './types';

type Server = components['schemas'];
type Kinds<T> = T extends { type: infer Kind } ? Kind : never;

describe('the types of the wire', () => {
  it('know every event, command and message', () => {
    expectTypeOf<Kinds<Server['AnyEvent']>>().toEqualTypeOf<own.AnyEvent['type']>();
    expectTypeOf<Kinds<Server['AnyCommand']>>().toEqualTypeOf<own.Command['type']>();
    expectTypeOf<Kinds<Server['ClientMessage']>>().toEqualTypeOf<own.ClientMessage['type']>();
    expectTypeOf<Kinds<Server['ServerMessage']>>().toEqualTypeOf<own.ServerMessage['type']>();
    expectTypeOf<Server['RunInfo']['state']>().toEqualTypeOf<own.RunState>();
    expectTypeOf<Server['Tap']['roles'][number]>().toEqualTypeOf<own.Role>();
    expectTypeOf<Server['RunSpec']['device']>().toEqualTypeOf<own.DeviceChoice>();
    expectTypeOf<keyof Server['Families']>().toEqualTypeOf<keyof own.Families>();
  });

  it('have the fields of every event', () => {
    expectTypeOf<keyof Server['StateChanged']>().toEqualTypeOf<keyof own.StateChanged>();
    expectTypeOf<keyof Server['CommandApplied']>().toEqualTypeOf<keyof own.CommandApplied>();
    expectTypeOf<keyof Server['Rewound']>().toEqualTypeOf<keyof own.Rewound>();
    expectTypeOf<keyof Server['Metrics']>().toEqualTypeOf<keyof own.Metrics>();
    expectTypeOf<keyof Server['Validation']>().toEqualTypeOf<keyof own.Validation>();
    expectTypeOf<keyof Server['SnapshotTaken']>().toEqualTypeOf<keyof own.SnapshotTaken>();
    expectTypeOf<keyof Server['Note']>().toEqualTypeOf<keyof own.Note>();
    expectTypeOf<keyof Server['StoredEvent']>().toEqualTypeOf<keyof own.StoredEvent>();
  });

  it('have the fields of baselines and movements', () => {
    expectTypeOf<keyof Server['BaselineRecord']>().toEqualTypeOf<keyof labs.BaselineRecord>();
    expectTypeOf<keyof Server['BaselineResult']>().toEqualTypeOf<keyof labs.BaselineResult>();
    expectTypeOf<keyof Server['BaselineSpec']>().toEqualTypeOf<keyof labs.BaselineSpec>();
    expectTypeOf<Server['BaselineRecord']['state']>().toEqualTypeOf<labs.BaselineRecord['state']>();
    expectTypeOf<keyof Server['SweepAnswer']>().toEqualTypeOf<keyof labs.SweepAnswer>();
    expectTypeOf<keyof Server['SweepWanted']>().toEqualTypeOf<keyof labs.SweepWanted>();
    expectTypeOf<keyof Server['Warp']>().toEqualTypeOf<keyof labs.Warp>();
  });

  it('have the fields of runs, reports and parts', () => {
    expectTypeOf<keyof Server['RunInfo']>().toEqualTypeOf<keyof own.RunInfo>();
    expectTypeOf<keyof Server['RunSpec']>().toEqualTypeOf<keyof own.RunSpec>();
    expectTypeOf<keyof Server['Settings']>().toEqualTypeOf<keyof own.Settings>();
    expectTypeOf<keyof Server['Branch']>().toEqualTypeOf<keyof own.BranchInfo>();
    expectTypeOf<keyof Server['Applied']>().toEqualTypeOf<keyof own.Applied>();
    expectTypeOf<keyof Server['NodeReport']>().toEqualTypeOf<keyof own.NodeReport>();
    expectTypeOf<keyof Server['Report']>().toEqualTypeOf<keyof own.Report>();
    expectTypeOf<keyof Server['Problem']>().toEqualTypeOf<keyof own.Problem>();
    expectTypeOf<keyof Server['LayerInfo']>().toEqualTypeOf<keyof own.Part>();
    expectTypeOf<keyof Server['Prediction']>().toEqualTypeOf<keyof own.Prediction>();
    expectTypeOf<keyof Server['MetricsSeries']>().toEqualTypeOf<keyof own.MetricsHistory>();
    expectTypeOf<keyof Server['SnapshotInfo']>().toEqualTypeOf<keyof own.SnapshotInfo>();
    expectTypeOf<keyof Server['RatePlan']>().toEqualTypeOf<keyof own.RatePlan>();
    expectTypeOf<keyof Server['ParameterGroup']>().toEqualTypeOf<keyof own.ParameterGroup>();
    expectTypeOf<keyof Server['SupervisedPhase']>().toEqualTypeOf<keyof own.Phase>();
    expectTypeOf<keyof Server['RangeTest']>().toEqualTypeOf<keyof own.RangeTest>();
    expectTypeOf<Server['RangeTest']['verdict']>().toEqualTypeOf<own.RangeTest['verdict']>();
    expectTypeOf<keyof Server['DatasetState']>().toEqualTypeOf<keyof own.DatasetState>();
  });
});
