/** Every layout the importer knows. A further one is one file and one line in each half here. */
import { colocation } from './colocation.ts';
import { customer } from './customer.ts';
import { filingA } from './filing-a.ts';
import { filingB } from './filing-b.ts';
import { filingC } from './filing-c.ts';
import { geofeed } from './geofeed.ts';
import { house } from './house.ts';
import { ipfixNatLayout } from './ipfix.ts';
import { isms } from './isms.ts';
import type { Layout } from './layout.ts';
import { keaLeaseLayout } from './lease.ts';
import { iscLeaseLayout } from './lease-isc.ts';
import { machine } from './machine.ts';
import { meterReading } from './meter-reading.ts';
import { natRuleLayout } from './nat-rule.ts';
import { natTableLayout } from './nat-table.ts';
import { powerAccount } from './power-account.ts';
import { rackPower } from './rack-power.ts';
import { radiusDetailLayout } from './radius.ts';
import { resource } from './resource.ts';
import { broadbandLayout, mobileLayout } from './session.ts';
import { natSyslogLayout } from './syslog.ts';

export const LAYOUTS: readonly Layout[] = [
  broadbandLayout,
  colocation,
  customer,
  filingA,
  filingB,
  filingC,
  geofeed,
  house,
  ipfixNatLayout,
  iscLeaseLayout,
  isms,
  keaLeaseLayout,
  machine,
  meterReading,
  mobileLayout,
  natRuleLayout,
  natSyslogLayout,
  natTableLayout,
  powerAccount,
  rackPower,
  radiusDetailLayout,
  resource,
];
