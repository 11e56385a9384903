"""The steps of the journey, a module each: functions of a scan and the ports."""
