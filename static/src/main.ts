// Starts the page: one session, mounted once.
import { mount } from 'svelte';
import './styles/tokens.css';
import './styles/base.css';
import { EMPTY, boot, readBoot } from './state/boot';
import { Session } from './state/session.svelte';
import App from './views/App.svelte';

readBoot();
const target = document.getElementById('app');
if (target) {
  const session = new Session(EMPTY);
  // Drawn once, with the catalogue; what the first network needs is asked for meanwhile.
  void session.catalog.load().then(
    () => {
      void session.guard(() => boot(session));
      mount(App, { target, props: { session } });
    },
    (error: unknown) => {
      mount(App, { target, props: { session } });
      session.app.failed(error);
    },
  );
}
