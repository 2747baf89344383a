// Which page the path names, inside the frame.

import { useEffect, useRef } from '../state/hooks';
import { ApiPage } from '../pages/api/ApiPage';
import { ModulePage } from '../pages/modules/ModulePage';
import { Modules } from '../pages/modules/Modules';
import { Overview } from '../pages/overview/Overview';
import { RunPage } from '../pages/run/RunPage';
import { Runs } from '../pages/runs/Runs';
import { Sync } from '../pages/sync/Sync';
import { Workers } from '../pages/workers/Workers';
import { Empty } from '../ui/Notice';
import { Frame } from './Frame';
import { type Route, route } from './router';
import { badge, title } from './title';

export function App() {
  const where = route.value;
  const which = 'id' in where ? where.id : 'reference' in where ? where.reference : '';
  const first = useRef(true);
  useEffect(() => {
    // A page that replaced another begins at its top, and is where the next Tab goes on from.
    if (first.current) {
      first.current = false;
      return;
    }
    scrollTo(0, 0);
    document.getElementById('main')?.focus({ preventScroll: true });
  }, [where.page, which]);
  return <Frame><PageOf where={where} key={where.page + which} /></Frame>;
}

function PageOf({ where }: { where: Route }) {
  useEffect(() => {
    if (where.page !== 'run') badge.value = 'none';
    if (where.page !== 'run' && where.page !== 'module') title.value = TITLES[where.page] ?? '';
  }, []);
  switch (where.page) {
    case 'overview': return <Overview />;
    case 'runs': return <Runs />;
    case 'run': return <RunPage id={where.id} />;
    case 'workers': return <Workers />;
    case 'modules': return <Modules />;
    case 'module': return <ModulePage reference={where.reference} />;
    case 'sync': return <Sync />;
    case 'api': return <ApiPage />;
    case 'unknown': return <Empty title="There is no such page"><p><a href="/">Back to the overview</a></p></Empty>;
  }
}

const TITLES: Record<string, string> = { overview: '', runs: 'Runs', workers: 'Workers', modules: 'Modules', sync: 'Sync & actors', api: 'API' };
