/** The dashboard that the machine serves on port 8000, as a page of its own. */
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { MachineFeed } from './machine-feed.ts';
import { applyAskedTheme } from './use-theme.ts';
import './dashboard.css';

const root = document.querySelector('#root');
if (root === null) throw new Error('dashboard: no element to draw in');
applyAskedTheme();
const feed = new MachineFeed();
createRoot(root).render(<App feed={feed} />);
feed.start();
